"""Before the switch: plan a change of the access URL, find out what stands in its way, drop it."""

import logging
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from audit.services import Actor, record
from infrastructure.choices import ACTIVE_CHANGES, NOT_SWITCHED, ChangeState
from infrastructure.errors import ChangeActiveError, RefusedError
from infrastructure.models import AccessURLChange
from infrastructure.policies import require_manage
from infrastructure.services.locking import locked_change
from providers.access_urls import access_url
from providers.kube.findings import Level
from providers.services import dispatch

logger = logging.getLogger(__name__)

CHECK_TASK = "infrastructure.check_change"
UNCHECKED = Q(checked_at=None) | Q(checked_at__lt=F("check_requested_at"))


def plan_change(*, actor: Actor, new_url: str) -> AccessURLChange:
    """Write the plan down and have it checked; nothing else changes. `new_url` is normalised (`addresses`).

    Asking for the same again gives the plan that exists. Raises ChangeActiveError while another change is active.
    """
    require_manage(actor)
    try:
        with transaction.atomic():
            change = AccessURLChange.objects.create(
                old_url=access_url(),
                new_url=new_url,
                requested_by_id=actor.user.pk if actor.user else None,
                requested_by_name=actor.name,
            )
            record(actor=actor, action="access_url.plan", target=change, after={"access_url": new_url})
            dispatch.send(CHECK_TASK, str(change.pk))
    except IntegrityError:
        return _already_planned(new_url)
    return change


def _already_planned(new_url: str) -> AccessURLChange:
    active = AccessURLChange.objects.filter(state__in=ACTIVE_CHANGES).first()
    if active is None:
        raise RefusedError(f"{new_url} is the access URL already.")
    if active.state in NOT_SWITCHED and active.new_url == new_url:
        return active
    raise ChangeActiveError(
        f"A change to {active.new_url} is under way, by {active.requested_by_name}.",
        remedy="Finish it, roll it back or drop it first.",
    )


def check_again(*, actor: Actor, change: AccessURLChange) -> None:
    """Have the findings made anew. Raises RefusedError once it is switched."""
    require_manage(actor)
    with transaction.atomic():
        change = locked_change(change, NOT_SWITCHED)
        AccessURLChange.objects.filter(pk=change.pk).update(check_requested_at=timezone.now())
        record(actor=actor, action="access_url.check", target=change)
        dispatch.send(CHECK_TASK, str(change.pk))


def drop_change(*, actor: Actor, change: AccessURLChange) -> None:
    """Nothing was changed, and nothing will be. Repeatable. Raises RefusedError once it is switched."""
    require_manage(actor)
    with transaction.atomic():
        change = locked_change(change, (*NOT_SWITCHED, ChangeState.DROPPED))
        if change.state == ChangeState.DROPPED:
            return
        change.state, change.ended_at = ChangeState.DROPPED, timezone.now()
        change.save(update_fields=["state", "ended_at"])
        record(actor=actor, action="access_url.drop", target=change, before={"access_url": change.new_url})


def unchecked_changes() -> list[UUID]:
    """Plans that wait for their findings: also those whose message or worker was lost. One query."""
    return list(AccessURLChange.objects.filter(UNCHECKED, state__in=NOT_SWITCHED).values_list("pk", flat=True))


def blocking(change: AccessURLChange) -> list[str]:
    """The details of the findings that forbid the switch."""
    return [finding["detail"] for finding in change.findings if finding["level"] == Level.ERROR]


def warnings(change: AccessURLChange) -> list[str]:
    """The details of the findings that somebody must have read before the switch."""
    return [finding["detail"] for finding in change.findings if finding["level"] == Level.WARNING]
