"""What holds for every route: who calls, cookies, bodies, errors, limits, pages."""

import json
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from organizations.models import Organization, User
from tests.api.things import Program, fields_of, make_token, problem_of
from tests.factories import make_provider
from tests.people import PASSWORD, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db


def test_nobody_gets_a_problem_that_says_how_to_sign_in() -> None:
    response = Program().get("/me")
    assert "Authorization: Bearer" in problem_of(response, 401)["detail"]
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "cat_123", "Bearer cat_é"])
def test_a_header_that_is_no_token_is_refused(header: str) -> None:
    problem_of(Program(Authorization=header).get("/me"), 401)


def test_the_header_of_the_original_command_line_does_too(member: User) -> None:
    response = Program(Session_Token=make_token(member)).get("/me")
    assert response.json()["email"] == member.email


def test_a_wrong_token_is_not_rescued_by_a_session(member: User) -> None:
    program = Program(secret="cat_wrong")
    program.client = signed_in(member)
    problem_of(program.get("/me"), 401)


def test_the_token_decides_and_not_the_session_beside_it(member: User, site_manager: User) -> None:
    program = Program(member)
    program.client = signed_in(site_manager)
    answer = program.get("/me")
    assert answer.json()["email"] == member.email
    assert "Cookie" not in answer["Vary"]
    assert not answer.cookies
    problem_of(program.get("/users"), 403)


def test_a_session_reads_and_needs_its_csrf_token_to_change(site_manager: User) -> None:
    program = Program()
    program.client = Client(enforce_csrf_checks=True)
    program.client.force_login(site_manager, backend="django.contrib.auth.backends.ModelBackend")
    assert program.get("/me").json()["token"] is None
    body = {"name": "x", "scopes": ["read"], "days": 1}
    assert problem_of(program.post("/tokens", body), 403)["code"] == "csrf"
    token = program.client.get("/account/tokens/new/").context["csrf_token"]
    assert program.post("/tokens", body, X_CSRFToken=str(token)).status_code == 201


def test_a_token_needs_no_csrf_token(member: User) -> None:
    program = Program(member)
    program.client = Client(enforce_csrf_checks=True)
    assert program.post("/tokens", {"name": "x", "scopes": ["read"], "days": 1}).status_code == 201


def test_a_temporary_password_is_changed_first(member: User) -> None:
    program = Program(member)
    User.objects.filter(pk=member.pk).update(must_change_password=True)
    assert problem_of(program.get("/me"), 403)["code"] == "password_change_required"
    program = Program()
    program.client = signed_in(member)
    problem_of(program.get("/me"), 403)


def test_no_answer_is_kept_by_a_cache(member: User) -> None:
    assert Program(member).get("/me")["Cache-Control"] == "no-store"
    assert Program().get("/me")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/providers/", "/organizations/no-uuid", "/providers/a%0A"])
def test_what_is_not_there_is_a_problem_too(path: str, member: User) -> None:
    problem_of(Program(member).get(path), 404)


def test_a_wrong_method_names_the_right_ones(member: User) -> None:
    response = Program(member).call("PUT", "/tokens")
    problem_of(response, 405)
    assert response["Allow"] == "GET, POST"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[" * 5000,
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": "a\\u0000b"}',
        b'{"days": NaN}',
        b'{"days": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_json_is_refused(body: bytes, member: User) -> None:
    response = Program(member).call("POST", "/tokens", body)
    assert problem_of(response, 400)["code"] == "unreadable"


@pytest.mark.parametrize("body", ["", "[]", '"x"', "null", "{}", '{"name": 7, "scopes": "read"}'])
def test_json_of_another_shape_names_the_fields(body: str, member: User) -> None:
    assert problem_of(Program(member).call("POST", "/tokens", body), 422)["errors"]


def test_a_field_that_does_not_exist_is_an_error(member: User) -> None:
    assert fields_of(Program(member).post("/tokens", {"name": "x", "scopes": ["read"], "day": 3})) == {"day"}


def test_a_body_sent_as_a_form_is_read_as_json_all_the_same(member: User) -> None:
    """The original command line names no content type, and curl names that of a form."""
    program = Program(member)
    sent = json.dumps({"name": "x", "scopes": ["read"]})
    response = program.client.post(
        "/api/v1/tokens",
        sent,
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {program.secret}"},
    )
    assert response.status_code == 201


def test_a_body_that_is_too_large_is_refused(member: User, settings: object) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert problem_of(Program(member).post("/tokens", {"name": "x" * 200}), 413)["code"] == "too_large"


def test_the_rate_is_told_and_limited_per_token(member: User, settings: object) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    program, other = Program(member), Program(member)
    first = program.get("/me")
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("2", "1")
    assert 0 < int(first["RateLimit-Reset"]) <= 60
    program.get("/me")
    refused = program.get("/me")
    assert problem_of(refused, 429)["code"] == "too_many_requests"
    assert 0 < int(refused["Retry-After"]) <= 60
    assert other.get("/me").status_code == 200


def test_strangers_are_limited_by_address_and_nobody_else_with_them(member: User, settings: object) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    stranger, guess, person = Program(), Program(secret="cat_unknown"), Program(member)
    here, next_door, elsewhere = "2001:db8:7:1::1", "2001:db8:7:1::2", "2001:db8:7:2::1"

    def ask(program: Program, address: str, path: str = "/me") -> HttpResponse:
        program.client.defaults["REMOTE_ADDR"] = address
        return program.get(path)

    assert ask(stranger, here, "/version")["RateLimit-Remaining"] == "2"
    assert [ask(each, here).status_code for each in (stranger, guess)] == [401, 401]
    for refused in (ask(stranger, here, "/version"), ask(stranger, next_door), ask(guess, here)):
        assert problem_of(refused, 429)["code"] == "too_many_requests"
        assert 0 < int(refused["Retry-After"]) <= 60
    assert ask(person, here).status_code == 200
    assert ask(guess, elsewhere).status_code == 401


def test_a_page_after_another_neither_repeats_nor_leaves_out(site_manager: User) -> None:
    names = [f"Team {letter}" for letter in "DbaCe"]
    for name in names:
        make_organization(name=name)
    program, seen, cursor = Program(site_manager), [], ""
    while True:
        page = program.get(f"/organizations?limit=2&cursor={cursor}").json()
        seen += [item["name"] for item in page["items"]]
        if len(seen) == 2:
            Organization.objects.filter(name="Team a").delete()
            make_organization(name="Team 0")
        if not page["next_cursor"]:
            break
        cursor = page["next_cursor"]
    assert seen == sorted(names, key=str.lower)


@pytest.mark.parametrize("cursor", ["x", "eyJh", "%00", "W10:1abc:def"])
def test_a_cursor_that_is_none_is_told(cursor: str, site_manager: User) -> None:
    assert fields_of(Program(site_manager).get(f"/organizations?cursor={cursor}")) == {"cursor"}


def test_a_cursor_of_another_list_is_told(site_manager: User) -> None:
    make_user(), make_user()
    cursor = Program(site_manager).get("/users?limit=1").json()["next_cursor"]
    assert fields_of(Program(site_manager).get(f"/organizations?cursor={cursor}")) == {"cursor"}


@pytest.mark.parametrize("limit", ["0", "201", "x"])
def test_a_limit_out_of_range_is_told(limit: str, site_manager: User) -> None:
    assert fields_of(Program(site_manager).get(f"/users?limit={limit}")) == {"limit"}


def test_a_password_in_a_body_is_no_way_in(member: User) -> None:
    problem_of(Program(Authorization=f"Basic {PASSWORD}").get("/me"), 401)


@pytest.mark.parametrize("path", ["/users", "/organizations", "/tokens", "/audit"])
def test_a_list_costs_the_same_however_long_it_is(path: str, site_manager: User) -> None:
    program = Program(site_manager)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert program.get(path).status_code == 200
        return len(found)

    queries()
    before = queries()
    for number in range(5):
        organization = make_organization()
        organization.memberships.create(user=make_user())
        make_token(site_manager, name=f"more {number}")
    assert queries() == before


def test_an_error_of_our_own_is_a_problem_for_programs_and_a_page_for_people(member: User, monkeypatch: Any) -> None:
    def broken(request: object) -> None:
        raise RuntimeError("secret of the server")

    monkeypatch.setattr("coderadmin.api.endpoint.find_caller", broken)
    program = Program(member)
    program.client = Client(raise_request_exception=False)
    answer = program.get("/me")
    assert problem_of(answer, 500)["code"] == "server_error"
    assert "secret of the server" not in answer.text


def test_the_cursor_of_one_list_is_none_of_another_order(site_manager: User) -> None:
    provider = make_provider(organizations=[make_organization(), make_organization()])
    program = Program(site_manager)
    by_name = program.get(f"/providers/{provider.pk}/allowlist?limit=1").json()["next_cursor"]
    assert fields_of(program.get(f"/access/entries?cursor={by_name}")) == {"cursor"}
