"""What workers, envproxies and checks would do to the steps of a rollout."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from infrastructure import services
from infrastructure.choices import ChangeState, StepState
from infrastructure.models import AccessURLChange, Rollout, RolloutStep
from providers.choices import OperationState, ProviderStatus
from providers.models import Operation, WorkspaceProvider

OLD, NEW = "https://coder.example.com", "https://dev.example.com"


def checked_change(new_url: str = NEW, **fields: Any) -> AccessURLChange:
    """A plan whose findings are all well."""
    now = timezone.now()
    defaults = {"old_url": OLD, "state": ChangeState.CHECKING, "requested_by_name": "mira", "checked_at": now}
    return AccessURLChange.objects.create(new_url=new_url, check_requested_at=now, **defaults | fields)


def advance(rollout: Rollout) -> Rollout:
    services.advance_rollout(rollout.pk)
    rollout.refresh_from_db()
    return rollout


def rollout_of(change: AccessURLChange) -> Rollout:
    """The newest."""
    return change.rollouts.latest("requested_at")


def step_of(rollout: Rollout, name: str) -> RolloutStep:
    return rollout.steps.get(provider_name=name)


def states(rollout: Rollout) -> dict[str, str]:
    return dict(rollout.steps.values_list("provider_name", "state"))


def end_deploy(step: RolloutStep, state: OperationState = OperationState.SUCCEEDED, text: str = "") -> None:
    assert step.state == StepState.DEPLOYING
    ended = {"state": state, "finished_at": timezone.now(), "error_text": text}
    assert Operation.objects.filter(pk=step.operation_id).update(**ended) == 1


def beat(name: str, url: str, *, through: str = "") -> None:
    values = {"last_beat_at": timezone.now(), "last_beat_access_url": url, "last_beat_through": through or url}
    WorkspaceProvider.objects.filter(name=name).update(**values)


def check(
    name: str,
    *,
    answers: bool = True,
    status: ProviderStatus = ProviderStatus.READY,
    release: dict[str, Any] | None = None,
    values: dict[str, Any] | None = None,
) -> None:
    """As a check that has just ended would store it."""
    provider = WorkspaceProvider.objects.get(name=name)
    if provider.status != status:
        provider.status_since = timezone.now()
    provider.status, provider.last_check_at = status, timezone.now()
    provider.evidence = {"url_answer": {"answers": answers, "problem": "" if answers else "connection refused"}}
    provider.evidence |= {"release": release}
    provider.release_values = values or {}
    provider.save()


def confirm(rollout: Rollout, name: str) -> None:
    """Deploy, beat and check, all well."""
    end_deploy(step_of(rollout, name))
    beat(name, rollout.access_url)
    advance(rollout)
    check(name)
    advance(rollout)
    assert step_of(rollout, name).state == StepState.CONFIRMED


def wait_out(step: RolloutStep, patience: timedelta) -> None:
    RolloutStep.objects.filter(pk=step.pk).update(deployed_at=timezone.now() - patience - timedelta(seconds=1))
