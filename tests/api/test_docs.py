"""The documentation page and the schema."""

import re

import pytest
from django.test import Client
from playwright.sync_api import Page

from coderadmin import __version__
from coderadmin.api.site import api

OPERATIONS = [
    (method, path, operation)
    for path, methods in api.get_openapi_schema(path_prefix="").get("paths", {}).items()
    for method, operation in methods.items()
]


def test_the_page_shows_every_route_also_without_script(client: Client, db: None) -> None:
    page = client.get("/api/docs").text
    assert page.count('<details class="route"') == len(OPERATIONS)
    assert "Deploy provider" in page
    assert "Create API token" in page
    anchors = re.findall(r'<details class="route" id="([^"]+)"', page)
    assert len(set(anchors)) == len(OPERATIONS)


def test_the_page_breaks_no_policy_and_leads_to_the_tokens(manager_page: Page) -> None:
    manager_page.goto("/api/docs")
    manager_page.get_by_text("/api/v1/providers/{provider_id}/deploy").click()
    assert manager_page.get_by_text("Installs or upgrades the Helm release, by a worker.").is_visible()
    manager_page.get_by_role("link", name="API tokens").first.click()
    assert manager_page.get_by_role("heading", name="API tokens", exact=True).is_visible()


def test_requests_are_tried_in_the_browser_without_breaking_the_policy(manager_page: Page) -> None:
    manager_page.goto("/api/docs/try")
    manager_page.locator("#operations-API_tokens-create_api_token").wait_for()
    assert manager_page.locator(".opblock").count() == len(OPERATIONS)
    manager_page.locator("#operations-API_tokens-create_api_token button").first.click()
    manager_page.get_by_role("button", name="Try it out").click()
    manager_page.locator("textarea").first.fill('{"name": "tried", "scopes": ["read"], "days": 1}')
    manager_page.get_by_role("button", name="Execute").click()
    manager_page.locator(".live-responses-table .response-col_status").get_by_text("201").wait_for()


def test_schema_and_version_need_no_token(client: Client, db: None) -> None:
    assert client.get("/api/v1/openapi.json").json()["openapi"].startswith("3.")
    assert client.get("/api/v1/version").json() == {"version": __version__}


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=lambda value: str(value)[:60])
def test_each_operation_says_who_may_and_what_else_it_answers(method: str, path: str, operation: dict) -> None:
    assert {status for status in operation["responses"] if status >= 400} or path == "/version"
    assert ("security" in operation) == (path != "/version")
    assert operation["tags"]
    named = set(re.findall(r"{(\w+)}", path))
    assert {each["name"] for each in operation["parameters"] if each["in"] == "path"} == named


def test_the_headers_of_changes_are_in_the_schema() -> None:
    headers = {
        operation["operationId"]: {each["name"] for each in operation["parameters"] if each["in"] == "header"}
        for _, _, operation in OPERATIONS
    }
    assert headers["update_provider"] == {"If-Match"}
    assert headers["rebuild_environment"] == {"If-Match", "Idempotency-Key"}
    assert headers["register_provider"] == {"Idempotency-Key"}
    assert headers["list_providers"] == set()


def test_each_operation_has_an_id_of_its_own() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))


def test_no_schema_of_an_answer_has_a_field_for_a_stored_secret() -> None:
    schemas = api.get_openapi_schema(path_prefix="")["components"]["schemas"]
    answers = {name: schema for name, schema in schemas.items() if name.endswith("Out")}
    found = {(name, field) for name, schema in answers.items() for field in schema.get("properties", {})}
    forbidden = {"password", "digest", "ca_pem", "client_key_pem", "client_certificate_pem", "credential", "kubeconfig"}
    assert not {pair for pair in found if pair[1] in forbidden}
    assert {pair for pair in found if "token" in pair[1] or "temporary" in pair[1]} == {
        ("NewTokenOut", "token"),
        ("NewUserOut", "temporary_password"),
        ("PasswordOut", "temporary_password"),
        ("MeOut", "token"),
        ("AuditEventOut", "token"),  # its name
    }
