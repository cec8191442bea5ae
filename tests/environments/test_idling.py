"""Auto-off: what nobody used for as long as its organization allows is stopped."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from environments.models import Environment, EnvironmentOperation
from environments.services import postpone_auto_off, stop_idle_environments
from environments.services.observing import GONE
from organizations.models import Organization
from tests.environments.things import make_work
from tests.factories import make_environment
from tests.people import make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", auto_off_hours=8)


def idle_for(hours: float, organization: Organization, **fields: object) -> Environment:
    return make_environment(
        organization=organization,
        active_at=timezone.now() - timedelta(hours=hours),
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("status", ["on", "failed"])
def test_what_is_idle_beyond_the_threshold_is_stopped_by_the_system_with_a_notice(
    status: str, organization: Organization
) -> None:
    environment = idle_for(8.1, organization, name="dev", status=status)
    assert stop_idle_environments() == 1
    operation = EnvironmentOperation.objects.get()
    assert (operation.kind, operation.environment, operation.requested_by_name) == ("stop", environment, "system")
    assert [line.text for line in operation.lines.all()] == [
        "Auto-off: dev was started or postponed more than 8 hours ago, the limit of Data Science."
    ]
    assert AuditEvent.objects.get().actor_name == "system"


@pytest.mark.parametrize("status", ["off", "creating", "unknown"])
def test_what_does_not_run_is_left_alone(status: str, organization: Organization) -> None:
    idle_for(100, organization, status=status)
    assert stop_idle_environments() == 0


def test_what_is_gone_from_its_cluster_is_left_alone(organization: Organization) -> None:
    idle_for(100, organization, status="failed", message=GONE)
    assert stop_idle_environments() == 0


def test_what_was_used_within_the_threshold_stays_on(organization: Organization) -> None:
    idle_for(7.9, organization)
    assert stop_idle_environments() == 0


def test_an_organization_without_a_threshold_stops_nothing() -> None:
    idle_for(10_000, make_organization(auto_off_hours=None))
    assert stop_idle_environments() == 0


def test_what_is_postponed_stays_on(organization: Organization) -> None:
    environment = idle_for(9, organization)
    postpone_auto_off(actor=Actor(), environment=environment)
    assert stop_idle_environments() == 0


def test_what_is_worked_on_is_passed_over_and_the_others_are_stopped(organization: Organization) -> None:
    busy, idle = idle_for(9, organization), idle_for(9, organization)
    make_work(busy, kind="rebuild")
    assert stop_idle_environments() == 1
    assert EnvironmentOperation.objects.get(kind="stop").environment == idle
    assert stop_idle_environments() == 0
