"""The page of an operation, its panel while one watches, and calling it off."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditEvent
from organizations.models import User
from providers.choices import LineLevel, OperationKind, OperationState
from providers.models import Operation, OperationLine
from providers.operation_log import MOST_LINES, log_of
from tests.factories import CLUSTER_TOKEN, make_operation, make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db
RUNNING, FAILED, SUCCEEDED = OperationState.RUNNING, OperationState.FAILED, OperationState.SUCCEEDED


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def path_of(operation: Operation, view: str = "operation_detail") -> str:
    return reverse(f"providers:{view}", args=[operation.pk])


def page_of(client: Client, operation: Operation) -> str:
    return client.get(path_of(operation)).content.decode()


def poll(client: Client, operation: Operation, seen: str = "") -> Any:
    return client.get(path_of(operation), {"seen": seen}, headers={"HX-Request": "true"})


def ended(kind: OperationKind, state: OperationState, **fields: Any) -> Operation:
    return make_operation(kind=kind, state=state, finished_at=timezone.now(), **fields)


def test_it_says_who_asked_what_of_whom_and_never_a_secret(client: Client) -> None:
    page = page_of(client, make_operation(make_provider(name="sydney"), lines=["helm upgrade"]))
    assert "<h1>Deploy sydney</h1>" in page
    assert "mira@example.com" in page
    assert "helm upgrade" in page
    assert CLUSTER_TOKEN not in page


@pytest.mark.parametrize(
    ("level", "mark", "word"),
    [(LineLevel.OK, "✓", "Passed: "), (LineLevel.WARNING, "!", "Warning"), (LineLevel.ERROR, "✗", "Failed")],
)
def test_a_finding_has_a_mark_a_word_and_a_remedy(client: Client, level: LineLevel, mark: str, word: str) -> None:
    operation = make_operation(state=RUNNING)
    OperationLine.objects.create(operation=operation, level=level, text="Version: 1.19", remedy="Upgrade <it>.")
    page = page_of(client, operation)
    assert f'aria-hidden="true">{mark}<' in page
    assert word in page
    assert "<b>Version</b> 1.19" in page
    assert "Upgrade &lt;it&gt;." in page


def test_a_long_log_is_cut_and_says_so(client: Client) -> None:
    operation = make_operation(state=RUNNING, lines=[f"line {number:04}" for number in range(MOST_LINES + 5)])
    page = page_of(client, operation)
    assert f"this begins with the last {MOST_LINES}" in page
    assert "line 0004" not in page
    assert page.index("line 0005") < page.index(f"line {MOST_LINES + 4:04}")


def test_only_an_active_operation_polls_and_the_first_line_is_seen_within_a_second(client: Client) -> None:
    assert 'hx-trigger="every 400ms"' in page_of(client, make_operation(state=RUNNING))
    assert 'hx-trigger="every 1s"' in page_of(client, make_operation(state=RUNNING, lines=["helm upgrade"]))
    forgotten = make_operation(requested_at=timezone.now() - timedelta(hours=1))
    assert 'hx-trigger="every 1s"' in page_of(client, forgotten)
    assert "hx-trigger" not in page_of(client, ended(OperationKind.DEPLOY, SUCCEEDED))


def test_while_nothing_moves_only_the_clock_is_sent(client: Client) -> None:
    operation = make_operation(state=RUNNING, lines=["helm upgrade"], started_at=timezone.now() - timedelta(seconds=85))
    response = poll(client, operation, seen=log_of(operation).fingerprint)
    assert response["HX-Reswap"] == "none"
    assert "1:2" in response.content.decode()
    assert "helm upgrade" not in response.content.decode()


def test_a_new_line_is_sent_alone_with_a_new_end_of_the_log_and_is_told_to_screen_readers(client: Client) -> None:
    operation = make_operation(state=RUNNING, lines=["first"])
    seen = log_of(operation).fingerprint
    OperationLine.objects.create(operation=operation, level=LineLevel.OK, text="DNS: <fine>")
    response = poll(client, operation, seen)
    page = response.text
    assert "HX-Retarget" not in response
    assert page.count("<time ") == 1
    assert "<b>DNS</b> &lt;fine&gt;" in page
    assert f'hx-get="{path_of(operation)}?seen={log_of(operation).fingerprint}" hx-trigger="every 1s"' in page
    assert 'hx-swap-oob="innerHTML">Passed: DNS: &lt;fine&gt;<' in page
    assert f'id="operation-{operation.pk}"' not in page


def more_than_shown(operation: Operation) -> None:
    lines = (OperationLine(operation=operation, text="more") for _ in range(MOST_LINES + 1))
    OperationLine.objects.bulk_create(lines)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda operation: Operation.objects.update(state=RUNNING), "Running"),
        (lambda operation: Operation.objects.update(cancel_requested=True), "Cancelling…"),
        (lambda operation: Operation.objects.update(requested_at=timezone.now() - timedelta(hours=1)), "No worker"),
        (more_than_shown, "Earlier lines are left out"),
    ],
)
def test_what_is_more_than_new_lines_sends_the_panel(
    client: Client, change: Callable[[Operation], object], shown: str
) -> None:
    operation = make_operation(lines=["first"])
    seen = log_of(operation).fingerprint
    change(operation)
    response = poll(client, operation, seen)
    assert response["HX-Retarget"] == f"#operation-{operation.pk}"
    assert response["HX-Reswap"] == "outerHTML"
    assert shown in response.text
    assert "<html" not in response.text


@pytest.mark.parametrize("seen", ["", "x", "queued-0-0-", "queued-0-0-x", f"queued-0-0-{'9' * 40}", "queued-0-0--1"])
def test_a_state_that_is_none_sends_the_panel(client: Client, seen: str) -> None:
    operation = make_operation(lines=["first"])
    assert f'id="operation-{operation.pk}"' in poll(client, operation, seen).text


def test_a_poll_reads_no_more_of_a_long_log_than_what_is_new(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    operation = make_operation(state=RUNNING, lines=["line"] * 20)
    seen = log_of(operation).fingerprint
    OperationLine.objects.create(operation=operation, text="new")
    with django_assert_num_queries(4) as asked:
        poll(client, operation, seen)
    assert len([query for query in asked if f'id" > {seen.rpartition("-")[2]}' in query["sql"]]) == 1


def test_the_end_stops_the_polling_and_is_announced(client: Client) -> None:
    operation = ended(OperationKind.DEPLOY, SUCCEEDED)
    response = poll(client, operation, seen="running-0-0-0")
    assert response.status_code == 286
    assert json.loads(response["HX-Trigger"]) == {"operation-ended": {"id": str(operation.pk)}}
    assert "hx-trigger" not in response.content.decode()


def test_a_boosted_link_gets_the_whole_page(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Boosted": "true"}
    assert "<html" in client.get(path_of(make_operation()), headers=headers).content.decode()


@pytest.mark.parametrize(("age", "said"), [(5, False), (15, True)])
def test_an_operation_that_no_worker_takes_is_said_so(client: Client, age: int, said: bool) -> None:
    operation = make_operation(requested_at=timezone.now() - timedelta(seconds=age))
    assert ("No worker has taken it yet" in page_of(client, operation)) is said


@pytest.mark.parametrize(
    ("kind", "state", "offered"),
    [
        (OperationKind.PREFLIGHT, SUCCEEDED, ["provider_deploy"]),
        (OperationKind.PREFLIGHT, FAILED, ["provider_preflight", "provider_update"]),
        (OperationKind.DEPLOY, FAILED, ["provider_deploy", "provider_update"]),
        (OperationKind.DELETE, FAILED, ["provider_delete", "provider_update"]),
        (OperationKind.DEPLOY, SUCCEEDED, []),
    ],
)
def test_the_end_offers_the_next_step(
    client: Client, kind: OperationKind, state: OperationState, offered: list[str]
) -> None:
    operation = ended(kind, state, error_text="It did not work.")
    page = page_of(client, operation)
    assert ("It did not work." in page) is (state == FAILED)
    for view in ["provider_deploy", "provider_preflight", "provider_update", "provider_delete"]:
        link = f'href="{reverse(f"providers:{view}", args=[operation.provider_id])}"'
        assert (link in page) is (view in offered)


def test_the_log_of_a_deletion_outlives_the_provider(client: Client) -> None:
    operation = ended(OperationKind.DELETE, SUCCEEDED, provider=make_provider(name="sydney"))
    assert operation.provider
    operation.provider.delete()
    page = page_of(client, operation)
    assert "<h1>Delete sydney</h1>" in page
    assert "All workspace providers" in page


def test_a_running_operation_is_cancelled_as_soon_as_it_can_be(client: Client) -> None:
    operation = make_operation(state=RUNNING)
    for _ in range(2):
        page = client.post(path_of(operation, "operation_cancel"), follow=True).content.decode()
        assert "Cancelling…" in page
    operation.refresh_from_db()
    assert (operation.state, operation.cancel_requested) == (RUNNING, True)
    assert AuditEvent.objects.filter(action="operation.cancel.deploy").count() == 1


def test_a_queued_operation_is_cancelled_at_once(client: Client) -> None:
    operation = make_operation()
    response = client.post(path_of(operation, "operation_cancel"), headers={"HX-Request": "true"}, follow=True)
    assert response.status_code == 286
    operation.refresh_from_db()
    assert operation.state == OperationState.CANCELLED


def test_an_auditor_reads_and_is_offered_nothing(auditor: User) -> None:
    client = signed_in(auditor)
    running = page_of(client, make_operation(state=RUNNING))
    assert "Cancel" not in running
    assert "Run again" not in page_of(client, ended(OperationKind.DEPLOY, FAILED))


def test_a_member_is_refused_and_an_unknown_one_is_not_found(client: Client, member: User) -> None:
    operation = make_operation()
    assert signed_in(member).get(path_of(operation)).status_code == 403
    unknown = reverse("providers:operation_detail", args=["00000000-0000-4000-8000-000000000000"])
    assert client.get(unknown).status_code == 404
    assert client.post(path_of(operation)).status_code == 405


def test_the_page_costs_the_same_with_many_lines(client: Client, django_assert_num_queries: Any) -> None:
    few, many = make_operation(lines=["a"]), make_operation(lines=["a"] * 50)
    with django_assert_num_queries(4):
        page_of(client, few)
    with django_assert_num_queries(4):
        page_of(client, many)
