"""Row locks, taken in one way so that two people at once meet in order."""

from providers.errors import RefusedError
from providers.models import WorkspaceProvider


def locked(provider: WorkspaceProvider) -> WorkspaceProvider:
    """The provider as it is now, locked until the transaction ends. Raises RefusedError when it is gone."""
    try:
        return WorkspaceProvider.objects.select_for_update(of=("self",)).get(pk=provider.pk)
    except WorkspaceProvider.DoesNotExist:
        raise RefusedError(f"{provider.name} was deleted in the meantime.") from None
