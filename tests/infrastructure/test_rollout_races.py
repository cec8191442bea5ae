"""Rollouts in several hands at once: sweeps that meet, and people who press two buttons at the same moment."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.services import Actor
from infrastructure import services
from infrastructure.choices import ChangeState, RolloutState
from infrastructure.models import Rollout
from organizations.models import User
from providers.access_urls import answering_urls
from providers.choices import AccessURLState
from providers.models import AccessURL, Operation
from tests.factories import make_built_in, make_provider
from tests.infrastructure.rollouts import NEW, OLD, checked_change, confirm, rollout_of
from tests.organizations.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager(site_manager: User, settings: Any) -> Actor:
    settings.ACCESS_URL = OLD
    make_built_in()
    for name in ("a", "b", "c", "d"):
        make_provider(name=name, last_beat_at=timezone.now())
    return Actor(user=site_manager)


@pytest.fixture
def rollout(manager: Actor) -> Rollout:
    return rollout_of(services.switch(actor=manager, change=checked_change()))


def test_sweeps_that_meet_begin_each_deploy_once(rollout: Rollout, settings: Any) -> None:
    settings.REDEPLOY_CONCURRENCY = 2
    at_once(*[lambda: services.advance_rollout(rollout.pk)] * 4)
    assert Operation.objects.count() == 1
    confirm(rollout, "a")
    at_once(*[lambda: services.advance_rollout(rollout.pk)] * 4)
    assert Operation.objects.count() == 3


def test_a_sweep_does_not_wait_for_another(rollout: Rollout) -> None:
    with transaction.atomic():
        Rollout.objects.select_for_update().get(pk=rollout.pk)
        at_once(lambda: services.advance_rollout(rollout.pk))
        assert Operation.objects.count() == 0


def test_two_switches_at_once_make_one_rollout(manager: Actor) -> None:
    change = checked_change()
    assert at_once(*[lambda: services.switch(actor=manager, change=change)] * 2) == []
    assert (Rollout.objects.count(), AccessURL.objects.filter(state=AccessURLState.CURRENT).count()) == (1, 1)


def test_roll_back_and_finish_at_once_end_in_one_of_both(rollout: Rollout, manager: Actor) -> None:
    services.advance_rollout(rollout.pk)
    for name in ("a", "b", "c", "d"):
        confirm(rollout, name)
    change = rollout.change
    assert change is not None
    refusals = at_once(
        lambda: services.roll_back(actor=manager, change=change),
        lambda: services.finish(actor=manager, change=change),
    )
    change.refresh_from_db()
    assert len(refusals) == 1
    answering = answering_urls().answering
    assert (change.state, answering) in [
        (ChangeState.FINISHED, (NEW,)),
        (ChangeState.ROLLING_BACK, (OLD, NEW)),
    ]


def test_roll_back_while_the_sweep_is_at_it_does_not_lock_up(rollout: Rollout, manager: Actor) -> None:
    change = rollout.change
    assert change is not None
    sweeps = [lambda: services.advance_rollout(rollout.pk)] * 3
    assert at_once(*sweeps, lambda: services.roll_back(actor=manager, change=change)) == []
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.ENDED


def test_two_upgrades_at_once_are_one(manager: Actor) -> None:
    provider = make_provider()
    refusals = at_once(*[lambda: services.start_upgrade(actor=manager, providers=[provider.pk])] * 2)
    assert (len(refusals), Rollout.objects.count()) == (1, 1)
    connection.close()
