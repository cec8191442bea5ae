"""The change of the access URL: switch, finish, roll back."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from infrastructure import services
from infrastructure.choices import ChangeState, RolloutState
from infrastructure.errors import ChangeActiveError, RefusedError
from infrastructure.models import AccessURLChange, Rollout
from infrastructure.services.advancing import CONFIRM_PATIENCE
from organizations.models import User
from providers.access_urls import access_url, answering_urls
from providers.choices import CredentialKind, OperationState, ProviderStatus
from providers.models import AccessURL, Operation, WorkspaceProvider
from tests.factories import make_operation, make_provider
from tests.infrastructure.rollouts import (
    NEW,
    OLD,
    advance,
    beat,
    check,
    checked_change,
    confirm,
    end_deploy,
    rollout_of,
    states,
    step_of,
    wait_out,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deployment")]


def test_the_new_url_is_used_and_both_are_accepted(change: AccessURLChange, site_manager: User) -> None:
    assert access_url() == NEW
    assert answering_urls().answering == (NEW, OLD)
    row = AccessURL.objects.get(url=NEW)
    assert (row.set_by_name, change.state) == (site_manager.email, ChangeState.SWITCHED)
    event = AuditEvent.objects.get(action="access_url.switch")
    assert (event.before, event.after) == ({"access_url": OLD}, {"access_url": NEW})


def test_the_built_in_provider_moves_along_and_back(manager: Actor) -> None:
    built_in = WorkspaceProvider.objects.get(built_in=True)
    built_in.devurl_host = "*.coder.example.com"
    built_in.save()
    make_provider(name="sydney")
    change = services.switch(actor=manager, change=checked_change())
    built_in.refresh_from_db()
    assert (built_in.envproxy_access_url, built_in.devurl_host) == (f"{NEW}/proxy", "*.dev.example.com")
    services.roll_back(actor=manager, change=change)
    built_in.refresh_from_db()
    assert (built_in.envproxy_access_url, built_in.devurl_host) == (f"{OLD}/proxy", "*.coder.example.com")


def test_a_built_in_provider_with_an_address_of_its_own_keeps_it(manager: Actor) -> None:
    WorkspaceProvider.objects.filter(built_in=True).update(hostname="https://own.example.com")
    services.switch(actor=manager, change=checked_change())
    assert WorkspaceProvider.objects.get(built_in=True).hostname == "https://own.example.com"


def test_switching_twice_makes_one_rollout(change: AccessURLChange, manager: Actor) -> None:
    services.switch(actor=manager, change=change)
    assert Rollout.objects.count() == 1


@pytest.mark.parametrize("who", ["auditor", "member"])
def test_only_site_managers_switch(who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        services.switch(actor=Actor(user=request.getfixturevalue(who)), change=checked_change())
    assert access_url() == OLD


def test_without_remote_providers_it_is_confirmed_at_once(manager: Actor) -> None:
    change = services.switch(actor=manager, change=checked_change())
    assert change.state == ChangeState.CONFIRMED
    services.finish(actor=manager, change=change)
    assert answering_urls().answering == (NEW,)


def test_finish_waits_for_all_and_then_refuses_the_old_url(change: AccessURLChange, manager: Actor) -> None:
    rollout = advance(rollout_of(change))
    with pytest.raises(RefusedError, match="Not every provider is confirmed"):
        services.finish(actor=manager, change=change)
    for name in ("calm", "busy", "sydney", "troubled"):
        confirm(rollout, name)
    beat("busy", OLD)
    with pytest.raises(RefusedError, match="still used by busy"):
        services.finish(actor=manager, change=change)
    beat("busy", NEW)
    for _ in range(2):
        services.finish(actor=manager, change=change)
    assert answering_urls().answering == (NEW,)
    assert AuditEvent.objects.filter(action="access_url.finish").count() == 1
    change.refresh_from_db()
    assert change.state == ChangeState.FINISHED


def test_rolling_back_redeploys_only_what_was_touched(change: AccessURLChange, manager: Actor) -> None:
    rollout = advance(rollout_of(change))
    confirm(rollout, "calm")
    services.roll_back(actor=manager, change=change)
    assert answering_urls().answering == (OLD, NEW)
    back = rollout_of(change)
    assert set(states(back)) == {"calm", "busy", "sydney"}, "those were begun"
    Operation.objects.update(state=OperationState.SUCCEEDED, finished_at=timezone.now())
    for name in states(advance(back)):
        confirm(back, name)
    change.refresh_from_db()
    assert (change.state, answering_urls().answering) == (ChangeState.ROLLED_BACK, (OLD,))


def test_rolling_back_before_anything_was_begun_ends_at_once(change: AccessURLChange, manager: Actor) -> None:
    for _ in range(2):
        change = services.roll_back(actor=manager, change=change)
    assert (change.state, access_url()) == (ChangeState.ROLLED_BACK, OLD)
    assert Rollout.objects.filter(state=RolloutState.ENDED).count() == 1


def test_after_the_end_there_is_no_way_back(manager: Actor) -> None:
    change = services.switch(actor=manager, change=checked_change())
    services.finish(actor=manager, change=change)
    with pytest.raises(RefusedError, match="is finished"):
        services.roll_back(actor=manager, change=change)


def test_one_can_return_to_an_earlier_url(manager: Actor) -> None:
    services.finish(actor=manager, change=services.switch(actor=manager, change=checked_change()))
    back = checked_change(OLD, old_url=NEW)
    services.finish(actor=manager, change=services.switch(actor=manager, change=back))
    assert answering_urls().answering == (OLD,)


def test_an_upgrade_under_way_comes_first(manager: Actor) -> None:
    services.start_upgrade(actor=manager, providers=[make_provider().pk])
    with pytest.raises(ChangeActiveError, match="Another rollout"):
        services.switch(actor=manager, change=checked_change())
    assert access_url() == OLD, "nothing was switched"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"checked_at": None}, "is being checked"),
        ({"checked_at": timezone.now() - timedelta(hours=2)}, "being checked"),
        ({"findings": [{"level": "error", "detail": "It does not resolve."}]}, "It does not resolve"),
        ({"findings": [{"level": "warning", "detail": "It ends soon."}]}, "There are warnings"),
        ({"old_url": "https://other.example.com"}, "by now"),
    ],
)
def test_a_plan_that_is_not_ready_is_not_switched(manager: Actor, fields: dict[str, Any], says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        services.switch(actor=manager, change=checked_change(**fields))
    assert answering_urls().answering == (OLD,)


def test_warnings_that_were_read_stop_nobody(manager: Actor) -> None:
    change = checked_change(findings=[{"level": "warning", "detail": "It ends soon."}])
    assert services.switch(actor=manager, change=change, warnings_read=True).state == ChangeState.CONFIRMED


def test_what_was_retried_is_rolled_back_too(change: AccessURLChange, manager: Actor) -> None:
    """Its release has the new URL, although no beat has said so."""
    rollout = advance(rollout_of(change))
    end_deploy(step_of(rollout, "calm"))
    advance(rollout)
    wait_out(step_of(rollout, "calm"), CONFIRM_PATIENCE)
    advance(rollout)
    services.retry_failed(actor=manager, rollout=rollout)
    services.roll_back(actor=manager, change=change)
    assert set(states(rollout_of(change))) == {"calm"}
    assert NEW in answering_urls().answering


def test_what_a_person_deployed_after_the_switch_is_rolled_back_too(change: AccessURLChange, manager: Actor) -> None:
    make_operation(WorkspaceProvider.objects.get(name="sydney"), state=OperationState.RUNNING)
    services.roll_back(actor=manager, change=change)
    assert set(states(rollout_of(change))) == {"sydney"}


def test_a_first_deploy_under_way_is_rolled_back_too(change: AccessURLChange, manager: Actor) -> None:
    fresh = make_provider(name="fresh", deployed_at=None, status=ProviderStatus.PENDING)
    make_operation(fresh, state=OperationState.RUNNING)
    services.roll_back(actor=manager, change=change)
    assert set(states(rollout_of(change))) == {"fresh"}


def test_finish_waits_for_a_deploy_that_began_with_the_old_url(manager: Actor) -> None:
    late = make_provider(name="late", deployed_at=None, status=ProviderStatus.PENDING)
    deploy = make_operation(late, state=OperationState.RUNNING)
    change = services.switch(actor=manager, change=checked_change())
    with pytest.raises(RefusedError, match="late"):
        services.finish(actor=manager, change=change)
    Operation.objects.filter(pk=deploy.pk).update(state=OperationState.SUCCEEDED, finished_at=timezone.now())
    beat("late", NEW)
    services.finish(actor=manager, change=change)
    assert answering_urls().answering == (NEW,)


def test_the_way_back_leads_to_a_url_however_the_variable_writes_it(manager: Actor, settings: Any) -> None:
    settings.ACCESS_URL = written = "https://Coder.Example.com:443"
    make_provider(name="calm", last_beat_at=timezone.now())
    change = services.switch(actor=manager, change=checked_change(old_url=written))
    rollout = advance(rollout_of(change))
    confirm(rollout, "calm")
    services.roll_back(actor=manager, change=change)
    back = advance(rollout_of(change))
    end_deploy(step_of(back, "calm"))
    beat("calm", OLD, through=written)
    advance(back)
    check("calm")
    assert states(advance(back)) == {"calm": "confirmed"}


def test_who_comes_up_with_the_new_url_on_the_way_back_is_taken_back_too(
    change: AccessURLChange, manager: Actor
) -> None:
    """Such as one whose admin ran his Helm shortly before: the new URL must not be refused under his feet."""
    make_provider(name="brazil", credential_kind=CredentialKind.ENROLMENT, last_beat_at=timezone.now())
    advance(rollout_of(change))
    services.roll_back(actor=manager, change=change)
    back = rollout_of(change)
    assert set(states(back)) == {"calm"}
    beat("brazil", NEW)
    assert set(states(advance(back))) == {"calm", "brazil"}
