"""Auto-off: what nobody used for as long as its organization allows is stopped."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from environments.models import Environment, EnvironmentOperation
from environments.services import (
    Use,
    check_uses,
    idling,
    open_environment,
    postpone_auto_off,
    redeem_ticket,
    stop_environment,
)
from environments.services.idling import stop_idle_environments
from environments.services.observing import GONE
from organizations.models import Organization
from tests.environments.things import make_work
from tests.factories import make_environment, make_provider
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


def test_traffic_through_envproxy_keeps_it_on(organization: Organization) -> None:
    provider = make_provider(last_beat_at=timezone.now())
    environment = idle_for(9, organization, provider=provider)
    person = Actor(user=environment.owner)
    redeemed = redeem_ticket(provider=provider, ticket=open_environment(actor=person, environment=environment))
    assert redeemed is not None
    use = Use(session=redeemed[0], environment=str(environment.pk), active=True)
    assert check_uses(provider=provider, uses=[use]) == [environment]
    assert stop_idle_environments() == 0


def test_the_notice_speaks_of_use_only_where_it_is_seen(organization: Organization) -> None:
    idle_for(9, organization, provider=make_provider(last_beat_at=timezone.now()), name="dev")
    stop_idle_environments()
    (line,) = EnvironmentOperation.objects.get().lines.all()
    assert line.text.startswith("Auto-off: dev was used, started or postponed more than 8 hours ago")


def test_what_somebody_comes_back_to_while_it_is_stopped_stays_on(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The use is noted between the look at all and the stop of this one."""
    first, second = idle_for(10, organization, name="a"), idle_for(9, organization, name="b")
    stop = stop_environment

    def stop_while_the_other_is_used(**wanted: Any) -> Any:
        other = second if wanted["environment"] == first else first
        Environment.objects.filter(pk=other.pk).update(active_at=timezone.now())
        return stop(**wanted)

    monkeypatch.setattr(idling, "stop_environment", stop_while_the_other_is_used)
    assert stop_idle_environments() == 1
    assert EnvironmentOperation.objects.count() == 1


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
