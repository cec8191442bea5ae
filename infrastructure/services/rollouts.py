"""Rollouts: start one, pause it, go on, retry, skip, call it off. What happens in between: `advancing`."""

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from audit.services import Actor, record
from infrastructure.choices import ACTIVE_ROLLOUTS, DONE, IN_WORK, RolloutKind, RolloutState, StepState
from infrastructure.errors import ChangeActiveError, RefusedError
from infrastructure.models import AccessURLChange, Rollout, RolloutStep
from infrastructure.policies import can_manage, require_manage
from infrastructure.querysets import deployed_providers
from infrastructure.services.locking import locked_rollout
from providers.choices import CredentialKind, ProviderStatus
from providers.models import WorkspaceProvider

NO_PROVIDERS = "Choose at least one provider."
ANOTHER, LET_IT_END = "Another rollout is under way.", "Let it end, or call it off."
RUNNING = Q(environments__status__in=("creating", "on", "failed"))


def start_upgrade(
    *, actor: Actor, providers: Sequence[UUID], canary: UUID | None = None, failure_limit: int = 1
) -> Rollout:
    """Redeploy these with this deployment's chart. Raises RefusedError for none, ChangeActiveError."""
    require_manage(actor)
    with transaction.atomic():
        return make_rollout(
            actor,
            kind=RolloutKind.UPGRADE,
            providers=list(deployed_providers().filter(pk__in=providers)),
            canary=canary,
            failure_limit=failure_limit,
        )


def require_possible(providers: Sequence[WorkspaceProvider]) -> None:
    """So that nobody is asked about what would be refused. Raises RefusedError, ChangeActiveError."""
    if not providers:
        raise RefusedError(NO_PROVIDERS)
    if Rollout.objects.filter(state__in=ACTIVE_ROLLOUTS).exists():
        raise ChangeActiveError(ANOTHER, remedy=LET_IT_END)


def make_rollout(
    actor: Actor,
    *,
    kind: RolloutKind,
    providers: Sequence[WorkspaceProvider],
    access_url: str = "",
    change: AccessURLChange | None = None,
    canary: UUID | None = None,
    failure_limit: int = 1,
) -> Rollout:
    """In the caller's transaction; the canary comes first (None: `choose_canary`). The sweep takes it from there.

    Raises RefusedError without providers, ChangeActiveError while another rollout is active.
    """
    if not providers:
        raise RefusedError(NO_PROVIDERS)
    try:
        with transaction.atomic():
            rollout = Rollout.objects.create(
                kind=kind,
                change=change,
                access_url=access_url,
                failure_limit=failure_limit,
                requested_by_id=actor.user.pk if actor.user else None,
                requested_by_name=actor.name,
            )
    except IntegrityError:
        raise ChangeActiveError(ANOTHER, remedy=LET_IT_END) from None
    add_steps(rollout, providers, canary=canary or choose_canary(providers))
    names = sorted(provider.name for provider in providers)
    record(actor=actor, action="rollout.start", target=rollout, after={"kind": kind, "providers": names})
    return rollout


def add_steps(rollout: Rollout, providers: Sequence[WorkspaceProvider], *, canary: UUID | None = None) -> None:
    """Behind those that it has. Ready ones come before others, which may hold it up."""
    first = rollout.steps.count()

    def rank(provider: WorkspaceProvider) -> tuple[bool, bool, str]:
        return provider.pk != canary, provider.status != ProviderStatus.READY, provider.name

    RolloutStep.objects.bulk_create(
        RolloutStep(
            rollout=rollout,
            provider=provider,
            provider_name=provider.name,
            position=first + number,
            is_canary=provider.pk == canary,
            by_hand=is_by_hand(provider),
        )
        for number, provider in enumerate(sorted(providers, key=rank))
    )


def choose_canary(providers: Sequence[WorkspaceProvider]) -> UUID | None:
    """Of those that we deploy and that are Ready, the one with the fewest running environments. One query."""
    ready = [each.pk for each in providers if not is_by_hand(each) and each.status == ProviderStatus.READY]
    found = WorkspaceProvider.objects.filter(pk__in=ready).annotate(busy=Count("environments", filter=RUNNING))
    return found.order_by("busy", "name").values_list("pk", flat=True).first()


def is_by_hand(provider: WorkspaceProvider) -> bool:
    """Whether its admin runs Helm himself, and we only hold what its envproxy forwarded."""
    return provider.credential_kind == CredentialKind.ENROLMENT


def pause_rollout(*, actor: Actor, rollout: Rollout) -> None:
    """Nothing new is begun; what is under way goes on to its end. Repeatable."""
    require_manage(actor)
    with transaction.atomic():
        rollout = locked_rollout(rollout, ACTIVE_ROLLOUTS)
        if rollout.state == RolloutState.PAUSED and rollout.paused_by_name:
            return
        rollout.state, rollout.paused_by_name, rollout.paused_at = RolloutState.PAUSED, actor.name, timezone.now()
        rollout.pause_reason = f"Paused by {actor.name}."
        rollout.save(update_fields=["state", "paused_by_name", "paused_at", "pause_reason"])
        record(actor=actor, action="rollout.pause", target=rollout)


def resume_rollout(*, actor: Actor, rollout: Rollout) -> None:
    """Go on, in spite of the steps that have failed until now, be it the canary. Repeatable."""
    require_manage(actor)
    with transaction.atomic():
        rollout = locked_rollout(rollout, ACTIVE_ROLLOUTS)
        if rollout.state == RolloutState.RUNNING:
            return
        _take_over(actor, rollout)
        failed = rollout.steps.filter(state=StepState.FAILED).update(is_canary=False)
        rollout.failure_limit = max(rollout.failure_limit, failed + 1)
        _run(rollout)
        record(actor=actor, action="rollout.resume", target=rollout, after={"failure_limit": rollout.failure_limit})


def retry_failed(*, actor: Actor, rollout: Rollout, step: RolloutStep | None = None) -> None:
    """Begin the failed steps again (or this one); goes on unless somebody paused it. Repeatable."""
    require_manage(actor)
    with transaction.atomic():
        rollout = locked_rollout(rollout, ACTIVE_ROLLOUTS)
        steps = rollout.steps.filter(state=StepState.FAILED)
        failed = list(steps.filter(pk=step.pk) if step else steps)
        _take_over(actor, rollout)
        for each in failed:
            begin_again(each)
            each.attempts = 0
            each.save()
        if rollout.state == RolloutState.PAUSED and not rollout.paused_by_name:
            _run(rollout)
        if failed:
            names = [each.provider_name for each in failed]
            record(actor=actor, action="rollout.retry", target=rollout, after={"providers": names})


def skip_step(*, actor: Actor, rollout: Rollout, step: RolloutStep, reason: str) -> None:
    """Go on without this provider; it has to be redeployed some other time. Repeatable.

    Raises RefusedError without a reason, and while a worker deploys it.
    """
    require_manage(actor)
    if not (reason := reason.strip()):
        raise RefusedError("Say why this provider is skipped: colleagues will read it.")
    with transaction.atomic():
        rollout = locked_rollout(rollout, ACTIVE_ROLLOUTS)
        step = rollout.steps.get(pk=step.pk)
        if step.state in DONE:
            return
        if step.state == StepState.DEPLOYING:
            raise RefusedError(f"{step.provider_name} is being deployed.", remedy="Wait for its end, or cancel it.")
        step.state, step.ended_at = StepState.SKIPPED, timezone.now()
        step.skip_reason, step.skipped_by_name = reason, actor.name
        step.save()
        record(
            actor=actor,
            action="rollout.skip",
            target=rollout,
            after={"provider": step.provider_name, "reason": reason},
        )


def call_off_rollout(*, actor: Actor, rollout: Rollout) -> None:
    """An upgrade ends here; what is deployed stays so. Repeatable. Raises RefusedError for one of an access URL."""
    require_manage(actor)
    if rollout.kind == RolloutKind.ACCESS_URL:
        raise RefusedError("This rollout carries an access URL.", remedy="Roll the change back, or skip its providers.")
    with transaction.atomic():
        rollout = locked_rollout(rollout, RolloutState.values)
        if rollout.state != RolloutState.ENDED:
            end_rollout(rollout)
            record(actor=actor, action="rollout.call_off", target=rollout)


def end_rollout(rollout: Rollout) -> None:
    """It is locked. Operations that are under way go on to their end."""
    rollout.state, rollout.ended_at = RolloutState.ENDED, timezone.now()
    rollout.save(update_fields=["state", "ended_at"])


def begin_again(step: RolloutStep) -> None:
    """Back to waiting; not saved."""
    step.state, step.failure, step.operation = StepState.WAITING, "", None
    step.started_at = step.deployed_at = step.beat_at = step.checked_at = step.ended_at = None


def _take_over(actor: Actor, rollout: Rollout) -> None:
    """In whose name the deploys go on, when that of the first may not deploy any more."""
    if actor.user is None or rollout.requested_by is None or can_manage(rollout.requested_by):
        return
    rollout.requested_by_id, rollout.requested_by_name = actor.user.pk, actor.name
    rollout.save(update_fields=["requested_by", "requested_by_name"])


def _run(rollout: Rollout) -> None:
    rollout.state, rollout.pause_reason, rollout.paused_by_name, rollout.paused_at = RolloutState.RUNNING, "", "", None
    rollout.save(update_fields=["state", "pause_reason", "paused_by_name", "paused_at", "failure_limit"])


def is_finished(steps: Sequence[RolloutStep]) -> bool:
    return all(step.state in DONE for step in steps)


def in_work(steps: Sequence[RolloutStep]) -> int:
    """How many workers' places are taken; what an admin does by hand takes none."""
    return sum(step.state in IN_WORK and not step.by_hand for step in steps)
