"""The first page of /support/: what needs somebody, and nothing that does not."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from infrastructure.choices import RolloutKind
from infrastructure.models import Rollout
from organizations.models import User
from organizations.support.dashboard import PANELS, SHOWN
from organizations.support.helping import address_of
from providers.kube.findings import Finding, Level
from tests.environments.things import make_work
from tests.factories import make_environment, make_operation, make_provider
from tests.infrastructure.rollouts import checked_change
from tests.people import signed_in
from tests.support.test_helps import lock

pytestmark = pytest.mark.django_db


@pytest.fixture
def helper(support_person: User) -> Client:
    return signed_in(support_person)


def ago(**time: int) -> object:
    return timezone.now() - timedelta(**time)


def test_a_calm_deployment_says_so(helper: Client) -> None:
    make_provider(), make_environment(), make_operation(), make_work(make_environment())
    make_operation(state="failed", finished_at=ago(days=2)), lock("ada@example.com", failures=2)
    page = helper.get("/support/").text
    assert 'class="needs"' not in page
    assert all(panel.calm in page for panel in PANELS)


def test_each_trouble_is_there_with_its_cause_and_a_link(helper: Client) -> None:
    things = [
        make_provider(name="sydney", status="error", message="The certificate has expired.", status_since=ago(hours=3)),
        make_provider(name="oslo", last_check_at=ago(hours=2), next_check_at=ago(hours=2)),
        make_operation(requested_at=ago(minutes=2)),
        make_operation(state="running", started_at=ago(hours=3), lease_expires_at=ago(hours=-1)),
        make_operation(state="failed", finished_at=ago(hours=3), error_text="The release is broken."),
        make_environment(status="failed", message="The image can't be pulled."),
        make_work(make_environment(), started_at=ago(minutes=3), lease_expires_at=ago(minutes=2)),
        make_work(make_environment(), state="failed", finished_at=ago(hours=3), error_text="No room is left."),
        lock("ada@example.com"),
        Rollout.objects.create(
            kind=RolloutKind.UPGRADE, state="paused", pause_reason="A step failed.", paused_at=ago(hours=1)
        ),
    ]
    page = helper.get("/support/").text
    for thing in things:
        assert f'href="{address_of(thing)}"' in page, thing
    for words in (
        "The certificate has expired.", "No worker has taken it", "It works for 180 minutes", "The release is broken.",
        "The image can&#x27;t be pulled.", "Its worker is lost", "No room is left.", "6 wrong passwords from 192.0.2.7",
        "A step failed.", "no worker for checks",
    ):  # fmt: skip
        assert words in page, words
    assert page.count('class="needs"') == len(PANELS)


def test_the_findings_of_an_access_url_are_told(helper: Client) -> None:
    finding = Finding(code="dns", label="Name", level=Level.ERROR, detail="No such name.", remedy="Add it to the DNS.")
    change = checked_change(findings=[asdict(finding)])
    page = helper.get(address_of(change, "change")).text
    assert "error: Name. No such name. Add it to the DNS." in page


def test_many_are_counted_and_the_newest_few_shown(helper: Client) -> None:
    for number in range(SHOWN + 3):
        make_provider(name=f"broken-{number}", status="error", status_since=ago(hours=10 - number))
    page = helper.get("/support/").text
    assert f"Providers in Error <b>{SHOWN + 3}</b>" in page
    assert "broken-7" in page and "broken-2" not in page
    assert "broken-2" in helper.get("/support/providers/workspaceprovider/?status__exact=error").text


def test_every_panel_leads_to_a_list_that_opens(helper: Client) -> None:
    for panel in PANELS:
        assert helper.get(panel.url()).status_code == 200, panel.title


def test_it_takes_as_many_queries_for_much_trouble_as_for_none(helper: Client) -> None:
    helper.get("/support/")
    with CaptureQueriesContext(connection) as calm:
        helper.get("/support/")
    for _ in range(SHOWN + 1):
        make_provider(status="error"), make_environment(status="unknown")
        make_operation(state="failed", finished_at=ago(hours=1)), make_operation(requested_at=ago(minutes=5))
        make_work(make_environment(), state="failed", finished_at=ago(hours=1))
        make_work(make_environment(), lease_expires_at=ago(minutes=5))
    with CaptureQueriesContext(connection) as busy:
        helper.get("/support/")
    assert len(calm) == len(busy) <= len(PANELS) + 4  # session, person, permissions, navigation
