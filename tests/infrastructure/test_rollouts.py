"""A rollout: the canary, a few at a time, what confirms a step, what pauses it, and how it goes on."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from infrastructure import services
from infrastructure.choices import ChangeState, RolloutState, StepState
from infrastructure.errors import RefusedError
from infrastructure.models import AccessURLChange
from infrastructure.services.advancing import CONFIRM_PATIENCE
from organizations.choices import SiteRole
from organizations.models import User
from providers.choices import CredentialKind, OperationState, ProviderStatus
from providers.models import Operation, WorkspaceProvider
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
from tests.people import make_user

LOCKS_PROVIDER, ID = r"^UPDATE \"providers_w|FROM \"providers_w.*FOR UPDATE", "[0-9a-f]{32}"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deployment")]


def test_the_canary_is_the_calmest_ready_provider_and_goes_first_alone(change: AccessURLChange) -> None:
    rollout = advance(rollout_of(change))
    assert states(rollout) == {"calm": "deploying", "busy": "waiting", "sydney": "waiting", "troubled": "waiting"}
    change.refresh_from_db()
    assert change.state == ChangeState.REDEPLOYING


def test_after_the_canary_a_few_at_a_time_until_all_are_confirmed(change: AccessURLChange) -> None:
    rollout = advance(rollout_of(change))
    confirm(rollout, "calm")
    assert states(rollout) == {"calm": "confirmed", "busy": "deploying", "sydney": "deploying", "troubled": "waiting"}
    for name in ("busy", "sydney", "troubled"):
        confirm(rollout, name)
    change.refresh_from_db()
    rollout.refresh_from_db()
    assert (rollout.state, change.state) == (RolloutState.ENDED, ChangeState.CONFIRMED)


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(lambda: None, id="nothing"),
        pytest.param(lambda: check("calm"), id="no beat"),
        pytest.param(lambda: [beat("calm", OLD), check("calm")], id="a beat of the old pods"),
        pytest.param(lambda: [beat("calm", NEW, through=OLD), check("calm")], id="the beat came by the old URL"),
        pytest.param(lambda: beat("calm", NEW), id="no check since"),
        pytest.param(lambda: [beat("calm", NEW), check("calm", answers=False)], id="its URL does not answer"),
        pytest.param(lambda: [beat("calm", NEW), check("calm", status=ProviderStatus.ERROR)], id="not Ready"),
    ],
)
def test_a_deploy_alone_confirms_nothing(change: AccessURLChange, evidence: Any) -> None:
    rollout = advance(rollout_of(change))
    end_deploy(step_of(rollout, "calm"))
    advance(rollout)
    evidence()
    advance(rollout)
    assert step_of(rollout, "calm").state == StepState.CONFIRMING
    wait_out(step_of(rollout, "calm"), CONFIRM_PATIENCE)
    advance(rollout)
    step = step_of(rollout, "calm")
    assert step.state == StepState.FAILED
    assert "was deployed, but" in step.failure


def test_a_failed_canary_stops_everything_and_says_why(change: AccessURLChange) -> None:
    rollout = advance(rollout_of(change))
    end_deploy(step_of(rollout, "calm"), OperationState.FAILED, "No route to host.")
    advance(rollout)
    assert rollout.state == RolloutState.PAUSED
    assert "calm failed" in rollout.pause_reason
    assert step_of(rollout, "calm").failure == "No route to host."
    assert advance(rollout) and states(rollout)["busy"] == "waiting"


def test_it_goes_on_by_itself_when_the_cluster_is_back(change: AccessURLChange) -> None:
    rollout = advance(rollout_of(change))
    end_deploy(step_of(rollout, "calm"), OperationState.FAILED, "No route to host.")
    advance(rollout)
    check("calm", status=ProviderStatus.ERROR)
    advance(rollout)
    assert rollout.state == RolloutState.PAUSED
    check("calm", status=ProviderStatus.READY)
    advance(rollout)
    advance(rollout)
    assert (rollout.state, step_of(rollout, "calm").state) == (RolloutState.RUNNING, StepState.DEPLOYING)


def test_a_failure_that_is_no_outage_waits_for_a_person(change: AccessURLChange, manager: Actor) -> None:
    rollout = advance(rollout_of(change))
    end_deploy(step_of(rollout, "calm"), OperationState.FAILED, "The image can't be pulled.")
    advance(rollout)
    check("calm")
    advance(rollout)
    assert step_of(rollout, "calm").state == StepState.FAILED
    services.retry_failed(actor=manager, rollout=rollout)
    advance(rollout)
    assert step_of(rollout, "calm").state == StepState.DEPLOYING


def test_below_the_limit_the_others_go_on(manager: Actor) -> None:
    for name in ("a", "b", "c", "d"):
        make_provider(name=name, last_beat_at=timezone.now())
    change = services.switch(actor=manager, change=checked_change(), failure_limit=2)
    rollout = advance(rollout_of(change))
    confirm(rollout, "a")
    end_deploy(step_of(rollout, "b"), OperationState.FAILED, "Quota.")
    advance(rollout)
    assert (rollout.state, states(rollout)["d"]) == (RolloutState.RUNNING, "deploying")
    end_deploy(step_of(rollout, "c"), OperationState.FAILED, "Quota.")
    assert advance(rollout).state == RolloutState.PAUSED


def test_resume_goes_on_in_spite_of_what_failed(change: AccessURLChange, manager: Actor) -> None:
    rollout = advance(rollout_of(change))
    confirm(rollout, "calm")
    end_deploy(step_of(rollout, "busy"), OperationState.FAILED, "Quota.")
    assert advance(rollout).state == RolloutState.PAUSED
    services.resume_rollout(actor=manager, rollout=rollout)
    advance(rollout)
    assert (rollout.state, states(rollout)["troubled"]) == (RolloutState.RUNNING, "deploying")


def test_what_a_person_paused_goes_on_only_when_a_person_says_so(change: AccessURLChange, manager: Actor) -> None:
    rollout = advance(rollout_of(change))
    services.pause_rollout(actor=manager, rollout=rollout)
    confirm(rollout, "calm")
    assert (rollout.state, states(rollout)["busy"]) == (RolloutState.PAUSED, "waiting")
    services.resume_rollout(actor=manager, rollout=rollout)
    advance(rollout)
    assert states(rollout)["busy"] == "deploying"


def test_skipping_takes_a_reason_and_lets_the_others_go_on(change: AccessURLChange, manager: Actor) -> None:
    rollout = advance(rollout_of(change))
    end_deploy(step_of(rollout, "calm"), OperationState.FAILED, "Gone for good.")
    advance(rollout)
    with pytest.raises(RefusedError, match="Say why"):
        services.skip_step(actor=manager, rollout=rollout, step=step_of(rollout, "calm"), reason=" ")
    for _ in range(2):
        services.skip_step(actor=manager, rollout=rollout, step=step_of(rollout, "calm"), reason="Closed next week")
    assert AuditEvent.objects.filter(action="rollout.skip").count() == 1
    advance(rollout)
    assert (rollout.state, states(rollout)["busy"]) == (RolloutState.RUNNING, "deploying")


def test_a_provider_that_somebody_else_deploys_is_waited_for(change: AccessURLChange) -> None:
    theirs = make_operation(WorkspaceProvider.objects.get(name="calm"))
    rollout = advance(rollout_of(change))
    assert step_of(rollout, "calm").state == StepState.WAITING
    Operation.objects.filter(pk=theirs.pk).update(state=OperationState.SUCCEEDED)
    assert states(advance(rollout))["calm"] == "deploying"


def test_a_provider_with_its_own_helm_ticks_itself_off(manager: Actor) -> None:
    make_provider(name="brazil", credential_kind=CredentialKind.ENROLMENT, last_beat_at=timezone.now())
    rollout = advance(rollout_of(services.switch(actor=manager, change=checked_change())))
    assert (states(rollout), Operation.objects.count()) == ({"brazil": "confirming"}, 0)
    wait_out(step_of(rollout, "brazil"), CONFIRM_PATIENCE)
    beat("brazil", OLD)
    check("brazil")
    assert states(advance(rollout)) == {"brazil": "confirming"}
    beat("brazil", NEW)
    advance(rollout)
    check("brazil")
    assert states(advance(rollout)) == {"brazil": "confirmed"}


@pytest.mark.parametrize(
    ("status", "url", "state"),
    [
        pytest.param("pending-upgrade", OLD, "confirming", id="its first pod has come"),
        pytest.param("deployed", OLD, "confirming", id="it was taken back"),
        pytest.param("deployed", f"{NEW}:443/", "confirmed", id="it is done"),
    ],
)
def test_a_provider_with_its_own_helm_is_confirmed_once_that_has_ended(
    manager: Actor, status: str, url: str, state: str
) -> None:
    make_provider(name="brazil", credential_kind=CredentialKind.ENROLMENT, last_beat_at=timezone.now())
    rollout = advance(rollout_of(services.switch(actor=manager, change=checked_change())))
    beat("brazil", NEW)
    advance(rollout)
    check("brazil", release={"status": status}, values={"cemanager": {"accessURL": url}})
    assert states(advance(rollout)) == {"brazil": state}


def test_providers_are_locked_in_the_order_of_their_ids(change: AccessURLChange, settings: Any) -> None:
    """As by everybody who locks several, or two wait for each other."""
    settings.REDEPLOY_CONCURRENCY = 3
    rollout = advance(rollout_of(change))
    end_deploy(step_of(rollout, "calm"))
    beat("calm", NEW)
    advance(rollout)
    check("calm")
    with CaptureQueriesContext(connection) as asked:
        advance(rollout)
    locking = [query["sql"] for query in asked.captured_queries if re.search(LOCKS_PROVIDER, query["sql"])]
    locked = [re.findall(ID, statement)[0] for statement in locking]
    assert len(locked) == 3
    assert locked == sorted(locked)


def test_a_deleted_provider_is_skipped(change: AccessURLChange) -> None:
    rollout = rollout_of(change)
    WorkspaceProvider.objects.filter(name="calm").delete()
    advance(rollout)
    assert step_of(rollout, "calm").state == StepState.SKIPPED
    assert states(advance(rollout))["busy"] == "deploying"


def test_a_first_deploy_that_began_before_the_switch_is_taken_in(manager: Actor) -> None:
    make_provider(name="first")
    make_provider(name="late", deployed_at=None, status=ProviderStatus.PENDING)
    rollout = rollout_of(services.switch(actor=manager, change=checked_change()))
    assert list(states(rollout)) == ["first"]
    WorkspaceProvider.objects.filter(name="late").update(deployed_at=timezone.now())
    assert set(states(advance(rollout))) == {"first", "late"}


def test_an_upgrade_asks_for_no_beat_of_those_that_never_beat(manager: Actor) -> None:
    provider = make_provider(name="quiet")
    rollout = advance(services.start_upgrade(actor=manager, providers=[provider.pk]))
    end_deploy(step_of(rollout, "quiet"))
    advance(rollout)
    WorkspaceProvider.objects.filter(pk=provider.pk).update(last_check_at=timezone.now() + timedelta(seconds=1))
    assert states(advance(rollout)) == {"quiet": "confirmed"}
    assert rollout.state == RolloutState.ENDED


def test_a_colleague_who_retries_takes_the_place_of_one_who_may_no_longer(
    change: AccessURLChange, site_manager: User
) -> None:
    User.objects.filter(pk=site_manager.pk).update(is_active=False)
    rollout = advance(rollout_of(change))
    assert "may not deploy any more" in step_of(rollout, "calm").failure
    colleague = make_user(SiteRole.MANAGER)
    services.retry_failed(actor=Actor(user=colleague), rollout=rollout)
    advance(rollout)
    assert step_of(rollout, "calm").state == StepState.DEPLOYING
    assert Operation.objects.get().requested_by == colleague


def test_going_on_in_spite_of_a_failed_canary_begins_the_others(change: AccessURLChange, manager: Actor) -> None:
    rollout = advance(rollout_of(change))
    end_deploy(step_of(rollout, "calm"), OperationState.FAILED, "Quota.")
    assert advance(rollout).state == RolloutState.PAUSED
    services.resume_rollout(actor=manager, rollout=rollout)
    advance(rollout)
    assert (rollout.state, states(rollout)["busy"]) == (RolloutState.RUNNING, "deploying")
    assert step_of(rollout, "calm").state == StepState.FAILED
