"""The sweep that moves rollouts on. Everything it knows is in the database, so that whatever is killed, it goes on.

Each rollout is advanced by one caller at a time. A step ends well when three things were seen: the deploy succeeded,
envproxy's beat came after it (by the new access URL, and reporting it), and a check after it found all well.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from audit.services import Actor
from infrastructure.choices import ACTIVE_ROLLOUTS, DONE, RolloutKind, RolloutState, StepState
from infrastructure.models import AccessURLChange, Rollout, RolloutStep
from infrastructure.querysets import deployed_providers
from infrastructure.services.confirming import is_confirmed, missing, note_evidence
from infrastructure.services.ending import conclude, mark_redeploying
from infrastructure.services.rollouts import add_steps, begin_again, end_rollout, in_work, is_finished
from providers.choices import OperationState, ProviderStatus
from providers.errors import OperationActiveError, RefusedError
from providers.models import WorkspaceProvider
from providers.services import request_deploy
from providers.words import enumerated

logger = logging.getLogger(__name__)

CONFIRM_PATIENCE = timedelta(minutes=3)  # from the end of the deploy: a beat comes every 15 s, a check every 30 s
MOST_ATTEMPTS = 5  # how often a step begins again by itself


def active_rollouts() -> list[UUID]:
    """One query."""
    return list(Rollout.objects.filter(state__in=ACTIVE_ROLLOUTS).values_list("pk", flat=True))


def advance_rollout(rollout_id: UUID) -> None:
    """One move of one rollout; nothing when somebody else is at it. About five queries, and some for each move."""
    with transaction.atomic():
        rollout = _claimed(rollout_id)
        if rollout is None:
            return
        if rollout.kind == RolloutKind.ACCESS_URL:
            _take_in_latecomers(rollout)
        steps = list(rollout.steps.select_related("provider", "operation"))
        now = timezone.now()
        for step in steps:
            _follow(rollout, step, now)
        _pause_or_go_on(rollout, steps)
        if rollout.state == RolloutState.RUNNING:
            _start_more(rollout, steps, now)
        if is_finished(steps):
            end_rollout(rollout)
            conclude(rollout)


def _claimed(rollout_id: UUID) -> Rollout | None:
    """With its change locked before it, as everybody does; None when it is in other hands, or has ended."""
    rollout = Rollout.objects.filter(pk=rollout_id, state__in=ACTIVE_ROLLOUTS).first()
    if rollout is None:
        return None
    if rollout.change_id:
        changes = AccessURLChange.objects.select_for_update(skip_locked=True)
        if not changes.filter(pk=rollout.change_id).first():
            return None
    mine = Rollout.objects.select_for_update(skip_locked=True)
    return mine.filter(pk=rollout_id, state__in=ACTIVE_ROLLOUTS).first()


def _take_in_latecomers(rollout: Rollout) -> None:
    """Whose first deploy began before the switch has the old URL, too; who beats with the new one has to go back."""
    change = rollout.change
    if change is None:
        return
    if rollout.access_url == change.new_url:
        late = deployed_providers().exclude(created_at__gt=rollout.requested_at)
    else:
        late = deployed_providers().filter(last_beat_access_url=change.new_url)
    if found := list(late.exclude(pk__in=rollout.steps.filter(provider__isnull=False).values("provider"))):
        add_steps(rollout, found)


def _follow(rollout: Rollout, step: RolloutStep, now: datetime) -> None:
    if step.state in DONE:
        return
    if step.provider is None:
        step.state, step.ended_at, step.skip_reason = StepState.SKIPPED, now, "The provider was deleted."
        step.save()
    elif step.state == StepState.DEPLOYING:
        _follow_deploy(step, step.provider, now)
    elif step.state == StepState.CONFIRMING:
        _confirm(rollout, step, step.provider, now)
    elif step.state == StepState.FAILED and _has_recovered(step, step.provider):
        begin_again(step)
        step.save()


def _follow_deploy(step: RolloutStep, provider: WorkspaceProvider, now: datetime) -> None:
    operation = step.operation
    if operation is None:
        _fail(step, "Its operation is gone.", now)
    elif operation.state == OperationState.SUCCEEDED:
        step.state, step.deployed_at = StepState.CONFIRMING, operation.finished_at
        step.save()
        _check_soon(provider)
    elif not operation.is_active:
        _fail(step, operation.error_text or "The deploy was cancelled.", now)


def _confirm(rollout: Rollout, step: RolloutStep, provider: WorkspaceProvider, now: datetime) -> None:
    if note_evidence(rollout, step, provider):
        step.save()
        _check_soon(provider)
    if is_confirmed(rollout, step, provider):
        step.state, step.ended_at = StepState.CONFIRMED, now
        step.save()
    elif not step.by_hand and step.deployed_at and now - step.deployed_at > CONFIRM_PATIENCE:
        _fail(step, missing(rollout, step, provider), now)


def _check_soon(provider: WorkspaceProvider) -> None:
    """Each by itself, after the move: who locks several providers does so in the order of their ids."""
    row = WorkspaceProvider.objects.filter(pk=provider.pk)
    transaction.on_commit(lambda: row.update(next_check_at=timezone.now()))


def _fail(step: RolloutStep, why: str, now: datetime) -> None:
    step.state, step.failure, step.ended_at = StepState.FAILED, why, now
    step.save()


def _has_recovered(step: RolloutStep, provider: WorkspaceProvider) -> bool:
    """Ready again after it was not: what has failed may succeed now."""
    ended = step.ended_at
    came_back = ended is not None and provider.status_since > ended
    return step.attempts < MOST_ATTEMPTS and provider.status == ProviderStatus.READY and came_back


def _pause_or_go_on(rollout: Rollout, steps: list[RolloutStep]) -> None:
    failed = [step for step in steps if step.state == StepState.FAILED]
    too_many = len(failed) >= rollout.failure_limit or any(step.is_canary for step in failed)
    if rollout.state == RolloutState.RUNNING and too_many:
        names = enumerated([step.provider_name for step in failed])
        rollout.state, rollout.paused_at = RolloutState.PAUSED, timezone.now()
        rollout.pause_reason = (
            f"{names} failed. It goes on by itself when what failed is Ready again after an outage; "
            "otherwise correct the cause and retry, or skip it."
        )
        rollout.save(update_fields=["state", "paused_at", "pause_reason"])
    elif rollout.state == RolloutState.PAUSED and not rollout.paused_by_name and not too_many:
        rollout.state, rollout.pause_reason, rollout.paused_at = RolloutState.RUNNING, "", None
        rollout.save(update_fields=["state", "pause_reason", "paused_at"])


def _start_more(rollout: Rollout, steps: list[RolloutStep], now: datetime) -> None:
    """In the order of the steps; their providers are locked in that of their ids, as by everybody."""
    waiting = [step for step in steps if step.state == StepState.WAITING]
    canary_only = any(step.is_canary and step.state not in DONE for step in steps)
    for step in waiting:
        if step.by_hand:
            step.state, step.started_at = StepState.CONFIRMING, step.started_at or now
            step.save()
    ready = [step for step in waiting if not step.by_hand and (step.is_canary or not canary_only)]
    places = max(0, settings.REDEPLOY_CONCURRENCY - in_work(steps))
    for step in sorted(ready[:places], key=lambda step: str(step.provider_id)):
        _start(rollout, step, now)
    if rollout.change and any(step.started_at for step in steps):
        mark_redeploying(rollout.change)


def _start(rollout: Rollout, step: RolloutStep, now: datetime) -> None:
    assert step.provider is not None  # noqa: S101 - steps without one were skipped before
    try:
        with transaction.atomic():
            step.operation = request_deploy(actor=Actor(user=rollout.requested_by), provider=step.provider)
    except OperationActiveError:
        return  # the next sweep tries again
    except RefusedError as refusal:
        _fail(step, f"{refusal.message} {refusal.remedy}".strip(), now)
        return
    except PermissionDenied:
        _fail(step, f"{rollout.requested_by_name} may not deploy any more. A colleague can retry it.", now)
        return
    step.state, step.started_at, step.attempts = StepState.DEPLOYING, now, step.attempts + 1
    step.save()
