"""Row locks, taken in one way so that two people at once meet in order: providers first, then organizations."""

from collections.abc import Iterable
from uuid import UUID

from organizations.models import Organization
from organizations.services import locking
from providers.errors import RefusedError
from providers.models import WorkspaceProvider


def locked(provider: WorkspaceProvider) -> WorkspaceProvider:
    """The provider as it is now, locked until the transaction ends. Raises RefusedError when it is gone."""
    try:
        return WorkspaceProvider.objects.select_for_update(of=("self",)).get(pk=provider.pk)
    except WorkspaceProvider.DoesNotExist:
        raise RefusedError(f"{provider.name} was deleted in the meantime.") from None


def locked_providers(ids: Iterable[UUID]) -> dict[UUID, WorkspaceProvider]:
    """In the order of their ids. Raises RefusedError when one is gone."""
    wanted = set(ids)
    rows = WorkspaceProvider.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) < len(wanted):
        raise RefusedError("A provider was deleted in the meantime.", remedy="Choose again among the others.")
    return found


def locked_organizations(ids: Iterable[UUID]) -> dict[UUID, Organization]:
    """In the order of their ids; other rows may still refer to them. Raises RefusedError when one is gone."""
    wanted = set(ids)
    found = locking.locked_organizations(wanted)
    if len(found) < len(wanted):
        raise RefusedError("An organization was deleted in the meantime.", remedy="Choose again among the others.")
    return found
