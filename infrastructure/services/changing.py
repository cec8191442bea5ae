"""The switch to a new access URL, its end, and the way back."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from audit.services import Actor, record
from infrastructure.choices import (
    ACTIVE_ROLLOUTS,
    NOT_SWITCHED,
    UNDER_WAY,
    ChangeState,
    RolloutKind,
    StepState,
)
from infrastructure.errors import RefusedError
from infrastructure.models import AccessURLChange, Rollout, RolloutStep
from infrastructure.policies import require_manage
from infrastructure.querysets import deployed_providers, remote_providers
from infrastructure.services.ending import confirm_change, end_roll_back
from infrastructure.services.locking import locked_change
from infrastructure.services.planning import blocking, warnings
from infrastructure.services.rollouts import end_rollout, make_rollout
from providers.access_urls import access_url
from providers.addresses import default_devurl_host
from providers.choices import ACTIVE_STATES, AccessURLState, OperationKind
from providers.models import AccessURL, Operation, WorkspaceProvider
from providers.words import enumerated

FRESH = timedelta(hours=1)  # what was found longer ago is to be found again


def switch(
    *,
    actor: Actor,
    change: AccessURLChange,
    canary: UUID | None = None,
    failure_limit: int = 1,
    warnings_read: bool = False,
) -> AccessURLChange:
    """Make the new URL the access URL, accept both, and have every deployed provider redeployed. Repeatable.

    Raises RefusedError while a finding forbids it, without fresh findings, with warnings that nobody has read,
    and while another rollout is active.
    """
    require_manage(actor)
    with transaction.atomic():
        change = locked_change(change, (*NOT_SWITCHED, *UNDER_WAY))
        if change.state in UNDER_WAY:
            return change
        require_switchable(change)
        if warnings(change) and not warnings_read:
            raise RefusedError("There are warnings.", remedy="Say that you have read them.")
        _make_current(actor, new=change.new_url, old=change.old_url)
        change.state, change.switched_at = ChangeState.SWITCHED, timezone.now()
        change.save(update_fields=["state", "switched_at"])
        record(
            actor=actor,
            action="access_url.switch",
            target=change,
            before={"access_url": change.old_url},
            after={"access_url": change.new_url},
        )
        _redeploy_all(actor, change, canary=canary, failure_limit=failure_limit)
    return change


def _redeploy_all(actor: Actor, change: AccessURLChange, *, canary: UUID | None, failure_limit: int) -> None:
    """Raises RefusedError while another rollout is active."""
    if providers := list(deployed_providers()):
        make_rollout(
            actor,
            kind=RolloutKind.ACCESS_URL,
            change=change,
            access_url=change.new_url,
            providers=providers,
            canary=canary,
            failure_limit=failure_limit,
        )
    else:
        confirm_change(change, actor)


def require_switchable(change: AccessURLChange) -> None:
    """Raises RefusedError. One query."""
    if change.checked_at is None or change.checked_at < change.check_requested_at:
        raise RefusedError(f"{change.new_url} is being checked.", remedy="Wait for the findings.")
    if timezone.now() - change.checked_at > FRESH:
        raise RefusedError("The findings are more than an hour old.", remedy="Check again first.")
    if found := blocking(change):
        raise RefusedError(found[0], remedy="Correct it and check again.")
    if (present := access_url()) != change.old_url:
        raise RefusedError(f"The access URL is {present} by now.", remedy="Drop this plan and make another one.")


def finish(*, actor: Actor, change: AccessURLChange) -> AccessURLChange:
    """Refuse the old URL from now on. Repeatable.

    Raises RefusedError until every provider is confirmed or skipped, while one that is not skipped uses another, and
    while one is being deployed that may come up with the old one.
    """
    require_manage(actor)
    with transaction.atomic():
        change = locked_change(change, (*UNDER_WAY, ChangeState.FINISHED))
        if change.state == ChangeState.FINISHED:
            return change
        if change.state != ChangeState.CONFIRMED:
            remedy = "Wait for them, or skip those that can't be reached."
            raise RefusedError("Not every provider is confirmed yet.", remedy=remedy)
        if late := deploying_since_before(change):
            names = enumerated([provider.name for provider in late])
            raise RefusedError(f"A deploy with {change.old_url} is under way: {names}.", remedy="Wait for its end.")
        if left := using_another(change):
            names = enumerated([provider.name for provider in left])
            raise RefusedError(f"Another access URL is still used by {names}.", remedy="Redeploy them first.")
        AccessURL.objects.filter(url=change.old_url).update(state=AccessURLState.RETIRED)
        change.state, change.ended_at = ChangeState.FINISHED, timezone.now()
        change.save(update_fields=["state", "ended_at"])
        record(
            actor=actor,
            action="access_url.finish",
            target=change,
            before={"accepted": [change.old_url, change.new_url]},
            after={"accepted": [change.new_url]},
        )
    return change


def deploying_since_before(change: AccessURLChange) -> list[WorkspaceProvider]:
    """Providers with a deploy under way that may have read the access URL before the switch. One query."""
    deploys = Operation.objects.filter(kind=OperationKind.DEPLOY, state__in=ACTIVE_STATES)
    early = deploys.filter(requested_at__lte=change.switched_at)
    return list(remote_providers().filter(pk__in=early.values("provider")).order_by("name"))


def using_another(change: AccessURLChange) -> list[WorkspaceProvider]:
    """Providers whose beat reports another URL than the new one, but those that were skipped. One query."""
    skipped = RolloutStep.objects.filter(rollout__change=change, state=StepState.SKIPPED, provider__isnull=False)
    others = remote_providers().exclude(Q(last_beat_access_url="") | Q(last_beat_access_url=change.new_url))
    return list(others.exclude(pk__in=skipped.values("provider")).order_by("name"))


def roll_back(*, actor: Actor, change: AccessURLChange) -> AccessURLChange:
    """Make the old URL the access URL again and redeploy what has the new one; both are accepted until then.

    Repeatable. Raises RefusedError before the switch and after the end.
    """
    require_manage(actor)
    with transaction.atomic():
        change = locked_change(change, (*UNDER_WAY, ChangeState.ROLLING_BACK, ChangeState.ROLLED_BACK))
        if change.state not in UNDER_WAY:
            return change
        touched = touched_providers(change)
        for rollout in Rollout.objects.select_for_update().filter(change=change, state__in=ACTIVE_ROLLOUTS):
            end_rollout(rollout)
        _make_current(actor, new=change.old_url, old=change.new_url)
        change.state = ChangeState.ROLLING_BACK
        change.save(update_fields=["state"])
        record(
            actor=actor,
            action="access_url.roll_back",
            target=change,
            before={"access_url": change.new_url},
            after={"access_url": change.old_url},
        )
        if touched:
            make_rollout(
                actor, kind=RolloutKind.ACCESS_URL, change=change, access_url=change.old_url, providers=touched
            )
        else:
            end_roll_back(change, actor)
    return change


def touched_providers(change: AccessURLChange) -> list[WorkspaceProvider]:
    """Those that have the new URL already, or may have it soon: whoever asked for the deploy. One query."""
    deploys = Operation.objects.filter(kind=OperationKind.DEPLOY)
    ended, under_way = deploys.filter(finished_at__gt=change.switched_at), deploys.filter(state__in=ACTIVE_STATES)
    has_it = Q(pk__in=ended.values("provider")) | Q(last_beat_access_url=change.new_url)
    return list(deployed_providers().filter(has_it) | remote_providers().filter(pk__in=under_way.values("provider")))


def _make_current(actor: Actor, *, new: str, old: str) -> None:
    """`old` stays accepted. In this order: there can't be two current ones at any moment."""
    AccessURL.objects.get_or_create(url=old, defaults={"state": AccessURLState.ACCEPTED})
    AccessURL.objects.filter(url=old).update(state=AccessURLState.ACCEPTED, last_request_at=None)
    values = {"state": AccessURLState.CURRENT, "since": timezone.now(), "set_by_name": actor.name}
    AccessURL.objects.update_or_create(url=new, defaults=values)
    _move_built_in(new=new, old=old)


def _move_built_in(*, new: str, old: str) -> None:
    """The deployment's own cluster is reached by the deployment's own address, unless somebody gave it another one."""
    built_in = WorkspaceProvider.objects.filter(built_in=True, hostname=old)
    default = {"old": default_devurl_host(old), "new": default_devurl_host(new)}
    built_in.filter(devurl_host=default["old"]).update(devurl_host=default["new"])
    built_in.update(hostname=new, revision=F("revision") + 1)
