"""The page of one environment: state, cause and next step, facts, actions, live log, history."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditEvent
from environments.models import Environment, EnvironmentOperation
from organizations.models import Organization
from providers.operation_log import log_of
from tests.environments.things import make_member, make_work
from tests.factories import make_environment, make_provider
from tests.people import make_organization, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", auto_off_hours=8)


@pytest.fixture
def environment(organization: Organization) -> Environment:
    owner = make_member(organization, name="Ada Lovelace", email="ada@example.com")
    provider = make_provider(name="sydney")
    return make_environment(provider, owner=owner, organization=organization, name="dev", tag="7", gpus=1)


@pytest.fixture
def client(environment: Environment) -> Client:
    return signed_in(environment.owner)


def path_of(environment: Environment, view: str = "detail") -> str:
    return reverse(f"environments:environment_{view}", args=[environment.pk])


def page_of(client: Client, environment: Environment, **changes: Any) -> str:
    Environment.objects.filter(pk=environment.pk).update(**changes)
    return client.get(path_of(environment)).text


def offered(page: str, environment: Environment) -> set[str]:
    views = ("start", "stop", "rebuild", "delete", "delete_anyway", "postpone")
    return {view for view in views if f'"{path_of(environment, view)}"' in page}


def test_it_tells_the_facts(client: Client, environment: Environment) -> None:
    page = page_of(client, environment)
    for fact in ("codercom/enterprise-base:7", "sydney", "Data Science", "Ada Lovelace", "ada@example.com"):
        assert fact in page
    assert "2 CPU · 4 GB · 10 GB disk · 1 GPU" in page


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("on", {"stop", "rebuild", "delete", "postpone"}),
        ("off", {"start", "rebuild", "delete"}),
        ("failed", {"start", "stop", "rebuild", "delete", "postpone"}),
        ("unknown", {"start", "stop", "rebuild", "delete"}),
        ("creating", {"stop", "rebuild", "delete"}),
    ],
)
def test_it_offers_what_makes_sense_now(
    status: str, expected: set[str], client: Client, environment: Environment
) -> None:
    assert offered(page_of(client, environment, status=status), environment) == expected


def test_while_something_is_done_it_says_what_and_offers_nothing_else(client: Client, environment: Environment) -> None:
    make_work(environment, kind="stop")
    page = page_of(client, environment)
    assert offered(page, environment) == {"postpone"}
    assert "Stop, Edit and rebuild, Delete: Stop by ada@example.com is under way." in page


@pytest.mark.parametrize("status", ["failed", "unknown"])
def test_trouble_comes_with_its_cause_and_the_next_step(status: str, client: Client, environment: Environment) -> None:
    page = page_of(client, environment, status=status, message="The image cannot be <pulled>.")
    assert "The image cannot be &lt;pulled&gt;." in page
    assert ("Start it again, or rebuild it" in page) is (status == "failed")
    assert ("We go on asking its cluster." in page) is (status == "unknown")


def test_the_auto_off_is_told_and_postponed(client: Client, environment: Environment) -> None:
    page = page_of(client, environment, active_at=timezone.now() - timedelta(hours=7))
    assert "in 59 min" in page
    answer = client.post(path_of(environment, "postpone"), follow=True)
    assert "dev stays on for" in answer.text
    environment.refresh_from_db()
    assert timezone.now() - environment.active_at < timedelta(minutes=1)


def test_a_refusal_is_said_on_the_page(client: Client, environment: Environment) -> None:
    make_work(environment, kind="rebuild")
    answer = client.post(path_of(environment, "stop"), follow=True)
    assert "Rebuild by ada@example.com is under way on dev. Wait until it has ended, or cancel it." in answer.text
    Environment.objects.update(status="off")
    EnvironmentOperation.objects.all().delete()
    assert "is not going to be stopped by itself" in client.post(path_of(environment, "postpone"), follow=True).text


def test_starting_and_stopping_are_asked_for_once(client: Client, environment: Environment) -> None:
    answer = client.post(path_of(environment, "stop"))
    assert answer["Location"] == path_of(environment)
    client.post(path_of(environment, "stop"))
    assert [work.kind for work in environment.operations.all()] == ["stop"]
    environment.operations.update(state="succeeded")
    Environment.objects.update(status="off")
    assert "dev is off already." in client.post(path_of(environment, "stop"), follow=True).text
    client.post(path_of(environment, "start"))
    assert [work.kind for work in environment.operations.all()] == ["start", "stop"]


def test_the_log_of_the_work_under_way_polls_itself(client: Client, environment: Environment) -> None:
    work = make_work(environment, lines=["Building on sydney."])
    page = page_of(client, environment, status="creating")
    path = reverse("environments:operation_detail", args=[work.pk])
    assert "Building on sydney." in page
    assert f'hx-get="{path}?seen={log_of(work).fingerprint}" hx-trigger="every 1s"' in page
    assert f'action="{reverse("environments:operation_cancel", args=[work.pk])}"' in page


def test_nothing_polls_when_nothing_moves(client: Client, environment: Environment) -> None:
    make_work(environment, state="succeeded", finished_at=timezone.now())
    assert "every " not in page_of(client, environment)


def poll(client: Client, work: EnvironmentOperation, seen: str = "") -> Any:
    path = reverse("environments:operation_detail", args=[work.pk])
    return client.get(path, {"seen": seen}, headers={"HX-Request": "true"})


def test_while_nothing_moves_only_the_clock_is_sent(client: Client, environment: Environment) -> None:
    work = make_work(environment, lines=["Building."])
    seen = log_of(work).fingerprint
    answer = poll(client, work, seen)
    assert answer["HX-Reswap"] == "none"
    assert "Building." not in answer.text
    work.lines.create(text="Applied.")
    assert "Applied." in poll(client, work, seen).text


def test_the_end_stops_the_polling_and_is_told(client: Client, environment: Environment) -> None:
    work = make_work(environment, state="failed", error_text="It crashes.", finished_at=timezone.now())
    answer = poll(client, work, seen="running-0-0-0")
    assert answer.status_code == 286
    assert json.loads(answer["HX-Trigger"]) == {"operation-ended": {"id": str(work.pk)}}
    assert "It crashes." in answer.text
    assert "hx-trigger" not in answer.text


def test_an_open_page_hears_that_it_is_deleted(client: Client, environment: Environment) -> None:
    work = make_work(environment, kind="delete")
    path = path_of(environment)
    Environment.objects.all().delete()
    for answer in (poll(client, work), client.get(path, headers={"HX-Request": "true"})):
        assert answer["HX-Redirect"] == reverse("environments:environment_list")
    assert "The environment is deleted." in client.get(reverse("environments:environment_list")).text
    assert client.get(path).status_code == 404


def test_its_body_comes_anew_only_when_it_has_changed(client: Client, environment: Environment) -> None:
    make_work(environment)
    path = path_of(environment)
    page = client.get(path).text
    state = page.partition("?state=")[2].partition('"')[0]
    assert client.get(path, {"state": state}, headers={"HX-Request": "true"}).status_code == 204
    EnvironmentOperation.objects.update(state="succeeded")
    answer = client.get(path, {"state": state}, headers={"HX-Request": "true"})
    assert 'id="environment-body"' in answer.text
    assert "<html" not in answer.text
    assert "every 2s" not in answer.text


def test_cancelling_is_done_once_and_leads_back(client: Client, environment: Environment) -> None:
    work = make_work(environment)
    path = reverse("environments:operation_cancel", args=[work.pk])
    for _ in range(2):
        assert "Cancelling…" in client.post(path, follow=True).text
    assert AuditEvent.objects.filter(action="operation.cancel.create").count() == 1
    assert "Cancelling…" in client.post(path, headers={"HX-Request": "true"}, follow=True).text


def test_the_history_names_each_end_and_links_its_log(client: Client, environment: Environment) -> None:
    now = timezone.now()
    old = make_work(environment, state="failed", error_text="Too big.", requested_at=now - timedelta(hours=2))
    make_work(environment, kind="start", state="succeeded", requested_at=now - timedelta(hours=1))
    page = page_of(client, environment)
    path = reverse("environments:operation_detail", args=[old.pk])
    assert f'href="{path}"' in page
    assert "Too big." in page
    log = client.get(path).text
    assert "<h1>Create dev</h1>" in log
    assert "Too big." in log


def test_more_history_costs_no_more_queries(
    client: Client, environment: Environment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        for _ in range(12):
            make_work(environment, state="succeeded", lines=["one", "two"])
        with django_assert_num_queries(6):
            client.get(path_of(environment))


def test_without_script_the_page_looks_again_by_itself(client: Client, environment: Environment) -> None:
    assert "<noscript>" not in page_of(client, environment)
    work = make_work(environment)
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page_of(client, environment)
    EnvironmentOperation.objects.filter(pk=work.pk).update(kind="delete")
    assert 'content="3;url=/environments/"' in page_of(client, environment)
