"""Row locks in one order: the change, then its rollout, then providers (by the services of providers)."""

from collections.abc import Collection

from infrastructure.errors import RefusedError
from infrastructure.models import AccessURLChange, Rollout


def locked_change(change: AccessURLChange, states: Collection[str]) -> AccessURLChange:
    """As it is now, locked until the transaction ends. Raises RefusedError unless it is in one of `states`."""
    row = AccessURLChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if row.state not in states:
        raise RefusedError(
            f"The change to {row.new_url} is {row.get_state_display().lower()}.", remedy="See how it stands now."
        )
    return row


def locked_rollout(rollout: Rollout, states: Collection[str]) -> Rollout:
    """As `locked_change`, with the change that it belongs to locked before."""
    if rollout.change_id:
        AccessURLChange.objects.select_for_update(of=("self",)).get(pk=rollout.change_id)
    row = Rollout.objects.select_for_update(of=("self",)).get(pk=rollout.pk)
    if row.state not in states:
        raise RefusedError("This rollout has ended.", remedy="See how it stands now.")
    return row
