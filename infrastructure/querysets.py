"""The providers that a change of the access URL, or an upgrade, is about."""

from django.db.models import Q

from providers.models import WorkspaceProvider
from providers.querysets import WorkspaceProviderQuerySet


def remote_providers() -> WorkspaceProviderQuerySet:
    """All but the built-in one, which needs no release."""
    return WorkspaceProvider.objects.filter(built_in=False)


def deployed_providers() -> WorkspaceProviderQuerySet:
    """Remote ones that have a release, as far as we know; what was only registered carries no access URL yet."""
    return remote_providers().exclude(Q(deployed_at=None) & Q(last_beat_at=None))
