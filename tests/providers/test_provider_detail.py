"""One provider: its page, and the body of its card."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from organizations.choices import SiteRole
from organizations.models import User
from providers.models import EnvproxyToken, WorkspaceProvider
from providers.tokens import digest_of, new_token
from tests.factories import (
    CLIENT_KEY,
    CLUSTER_TOKEN,
    make_built_in,
    make_environment,
    make_operation,
    make_organization,
    make_provider,
    make_status_change,
    make_user,
)
from tests.people import signed_in

PARTIAL = {"HTTP_HX_REQUEST": "true"}


def address(provider: WorkspaceProvider, rest: str = "") -> str:
    return f"/manage/admin/workspace-providers/{provider.pk}/{rest}"


def text_of(client: Client, provider: WorkspaceProvider, **headers: Any) -> str:
    response = client.get(address(provider), **headers)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def manager(site_manager: User) -> Client:
    return signed_in(site_manager)


def test_it_sends_strangers_to_the_sign_in_page_and_back(db: None, client: Client) -> None:
    provider = make_provider()
    assert client.get(address(provider))["Location"] == f"/sign-in/?next={address(provider)}"


def test_members_can_not_tell_which_providers_exist(member: User) -> None:
    there, absent = address(make_provider()), f"/manage/admin/workspace-providers/{uuid4()}/"
    assert [signed_in(member).get(url).status_code for url in (there, absent)] == [403, 403]


def test_what_is_not_there_is_not_found(manager: Client) -> None:
    assert manager.get(f"/manage/admin/workspace-providers/{uuid4()}/").status_code == 404
    assert manager.get("/manage/admin/workspace-providers/nonsense/").status_code == 404
    assert manager.post(address(make_provider())).status_code == 405


def test_the_page_shows_the_facts(manager: Client) -> None:
    organizations = [make_organization(name=name) for name in ("Alpha", "beta", "Gamma", "delta", "Epsilon")]
    provider = make_provider(
        name="sydney",
        cluster_address="https://203.0.113.7:6443",
        namespace="coder-prod",
        ssh_enabled=False,
        envproxy_image="mirror/envproxy:1",
        organizations=organizations,
        last_beat_at=timezone.now() - timedelta(minutes=5, seconds=10),
    )
    for status in ("on", "on", "off"):
        make_environment(provider, status=status, organization=organizations[0])
    page = text_of(manager, provider)
    for fact in (
        "https://203.0.113.7:6443",
        "coder-prod",
        'href="https://sydney.coder.example.com/proxy"',
        "*.sydney.coder.example.com",
        "Disabled",
        "Alpha, beta, delta and 2 more",
        "(2 running)",
        "1.34.2",
        "revision 3",
        "took 212 ms",
        "mirror/envproxy:1",
        ">5 min ago</time>",
        "40 d ago",
    ):
        assert fact in page


def test_htmx_gets_the_body_with_fresh_marks(manager: Client) -> None:
    provider = make_provider()
    body = text_of(manager, provider, **PARTIAL)
    assert body.lstrip().startswith(f'<div class="body" id="provider-body-{provider.pk}"')
    assert f'id="provider-marks-{provider.pk}" hx-swap-oob="true"' in body
    assert "<html" not in body


def test_a_broken_provider_says_why_and_what_to_do(manager: Client) -> None:
    ago = timezone.now() - timedelta(minutes=14, seconds=5)
    provider = make_provider(status="error", reason="tls_expired", message="It ended at 23:59 UTC.", status_since=ago)
    page = text_of(manager, provider)
    assert "The cluster&#x27;s certificate has expired" in page
    assert "It ended at 23:59 UTC." in page
    assert "Renew the API server&#x27;s certificate, then check again." in page
    assert "/reasons/tls_expired/" in page
    assert ">14 min</time>" in page
    assert page.count("Check now</button>") == 1


def test_one_failed_check_of_a_ready_provider_is_told_calmly(manager: Client) -> None:
    provider = make_provider(failed_checks=1, reason="read_timeout", message="No answer within 10 seconds.")
    page = text_of(manager, provider)
    assert "The last check failed: The cluster accepts connections but does not answer." in page
    assert "Checking again." in page
    assert '<div class="why warn">' in page


def test_a_reason_of_a_newer_version_is_shown_as_unexpected(manager: Client) -> None:
    assert "Something unexpected happened" in text_of(manager, make_provider(status="error", reason="moon_phase"))


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({"reason": "not_deployed"}, ("deploy/", "Deploy")),
        ({"reason": "waiting_for_enrolment", "credential": False}, ("command/", "Helm command")),
    ],
)
def test_a_pending_provider_leads_to_the_next_step(
    manager: Client, fields: dict[str, Any], step: tuple[str, str]
) -> None:
    kind = "fields" if fields.get("credential", True) else "enrolment"
    provider = make_provider(status="pending", deployed_at=None, credential_kind=kind, **fields)
    assert f'<a class="btn main" href="{address(provider, step[0])}">{step[1]}</a>' in text_of(manager, provider)


def test_the_body_of_a_card_takes_eight_queries_with_those_of_session_and_person(
    manager: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    provider = make_provider(organizations=[make_organization() for _ in range(20)])
    make_environment(provider)
    make_operation(provider, state="failed", finished_at=timezone.now() - timedelta(days=1), lines=["one", "two"])
    make_status_change(provider)
    text_of(manager, provider, **PARTIAL)
    with django_assert_max_num_queries(8):
        text_of(manager, provider, **PARTIAL)


EVERY_ACTION = {"edit", "preflight", "deploy", "check", "default", "cordon", "rotate-token", "command", "delete"}


def actions_on(page: str, provider: WorkspaceProvider) -> set[str]:
    verbs = (
        "edit",
        "preflight",
        "deploy",
        "check",
        "default",
        "cordon",
        "uncordon",
        "rotate-token",
        "command",
        "delete",
    )
    return {verb for verb in verbs if f'"{address(provider, verb)}/"' in page}


@pytest.mark.parametrize(
    ("role", "offered"),
    [(SiteRole.ADMIN, EVERY_ACTION), (SiteRole.MANAGER, EVERY_ACTION), (SiteRole.AUDITOR, set())],
)
def test_managers_are_offered_every_action_and_auditors_none(db: None, role: SiteRole, offered: set[str]) -> None:
    provider = make_provider()
    assert actions_on(text_of(signed_in(make_user(role)), provider), provider) == offered


def test_the_built_in_provider_is_neither_deployed_nor_deleted(manager: Client) -> None:
    provider = make_built_in()
    page = text_of(manager, provider)
    assert actions_on(page, provider) == {"edit", "preflight", "check", "cordon"}
    assert "it can't be deleted" in page


def test_an_active_operation_is_shown_and_refuses_another(manager: Client) -> None:
    provider = make_provider()
    operation = make_operation(provider, state="running", lines=["helm upgrade, revision 7"])
    page = text_of(manager, provider)
    assert f'id="operation-{operation.pk}"' in page
    assert "helm upgrade, revision 7" in page
    assert not actions_on(page, provider) & {"preflight", "deploy", "delete"}
    assert "Pre-flight, Redeploy, Delete: Deploy by mira@example.com is under way." in page


def test_the_last_operation_is_shown_in_full_for_a_while_and_then_as_a_line(manager: Client) -> None:
    now = timezone.now()
    provider = make_provider()
    operation = make_operation(provider, state="succeeded", kind="preflight", finished_at=now, lines=["DNS: fine"])
    assert "DNS: fine" in text_of(manager, provider)
    type(operation).objects.update(finished_at=now - timedelta(hours=1))
    page = text_of(manager, provider)
    assert "DNS: fine" not in page
    assert "<b>Pre-flight</b> succeeded" in page
    assert f"/operations/{operation.pk}/" in page


def test_without_a_credential_nothing_is_asked_of_the_cluster(manager: Client) -> None:
    provider = make_provider(credential=False, credential_kind="enrolment", status="pending", deployed_at=None)
    page = text_of(manager, provider)
    assert not actions_on(page, provider) & {"preflight", "deploy", "check", "default"}
    assert "it has not called home yet" in page
    assert "Not set" in page


def test_a_requested_check_is_awaited_and_then_shown(manager: Client) -> None:
    now = timezone.now()
    provider = make_provider(check_requested_at=now, last_check_at=now - timedelta(seconds=30))
    waiting = address(provider, "?waiting=1")
    assert waiting in text_of(manager, provider)
    assert manager.get(waiting, **PARTIAL).status_code == 204
    WorkspaceProvider.objects.update(last_check_at=now + timedelta(seconds=1))
    answer = manager.get(waiting, **PARTIAL)
    assert answer.status_code == 286
    assert waiting not in answer.content.decode()


def test_a_check_that_no_worker_does_is_not_awaited_for_ever(manager: Client) -> None:
    now = timezone.now()
    provider = make_provider(check_requested_at=now - timedelta(minutes=3), last_check_at=now - timedelta(minutes=5))
    page = text_of(manager, provider)
    assert "No worker has done the check" in page
    assert "?waiting=1" not in page


def test_hostile_texts_are_escaped(manager: Client) -> None:
    evil = "<script>alert(1)</script>"
    provider = make_provider(
        status="error",
        reason="unexpected",
        message=evil,
        cordoned_at=timezone.now(),
        cordoned_by=evil,
        cordon_reason=evil,
        envproxy_image=evil,
        organizations=[make_organization(name=evil)],
    )
    make_status_change(provider, message=evil, reason="unexpected", actor_name=evil)
    make_operation(provider, state="running", requested_by_name=evil, lines=[evil])
    page = text_of(manager, provider)
    assert evil not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 8


def test_no_secret_is_in_any_page(manager: Client) -> None:
    provider, token = make_provider(status="error", reason="credential_refused"), new_token()
    EnvproxyToken.objects.create(provider=provider, digest=digest_of(token))
    start = "/manage/admin/workspace-providers/"
    urls = [
        address(provider),
        f"{start}?expand=all",
        f"{start}chips/?ids={provider.pk}",
        f"{start}?q={CLUSTER_TOKEN[:9]}",
    ]
    for url in urls:
        for headers in ({}, PARTIAL):
            page = manager.get(url, **headers).content.decode()
            for secret in (CLUSTER_TOKEN, CLIENT_KEY, token, digest_of(token)):
                assert secret not in page
