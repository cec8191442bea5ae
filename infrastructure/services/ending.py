"""What the end of a rollout means for the change that it belongs to."""

from django.utils import timezone

from audit.services import Actor, record
from infrastructure.choices import ChangeState
from infrastructure.models import AccessURLChange, Rollout
from providers.choices import AccessURLState
from providers.models import AccessURL


def conclude(rollout: Rollout) -> None:
    """The rollout and its change are locked, and all its steps are done."""
    actor = Actor(user=rollout.requested_by)
    record(actor=actor, action="rollout.end", target=rollout)
    change = rollout.change
    if change is None:
        return
    if change.state == ChangeState.ROLLING_BACK:
        end_roll_back(change, actor)
    else:
        confirm_change(change, actor)


def mark_redeploying(change: AccessURLChange) -> None:
    """It is locked. Repeatable."""
    if change.state == ChangeState.SWITCHED:
        change.state = ChangeState.REDEPLOYING
        change.save(update_fields=["state"])


def confirm_change(change: AccessURLChange, actor: Actor) -> None:
    """Every provider is confirmed or skipped: it may be finished."""
    change.state, change.confirmed_at = ChangeState.CONFIRMED, timezone.now()
    change.save(update_fields=["state", "confirmed_at"])
    record(actor=actor, action="access_url.confirm", target=change, after={"access_url": change.new_url})


def end_roll_back(change: AccessURLChange, actor: Actor) -> None:
    """No provider uses the new URL any more: it is refused from now on."""
    change.state, change.ended_at = ChangeState.ROLLED_BACK, timezone.now()
    change.save(update_fields=["state", "ended_at"])
    AccessURL.objects.filter(url=change.new_url).update(state=AccessURLState.RETIRED)
    record(actor=actor, action="access_url.rolled_back", target=change, after={"access_url": change.old_url})
