"""Whether a status is older than it should be: with no scheduler or no worker, nothing else lowers it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from providers.models import WorkspaceProvider
from providers.querysets import WorkspaceProviderQuerySet

MISSED_CHECKS = 4
SHORTEST = timedelta(minutes=1)


def unchecked_since(provider: WorkspaceProvider) -> datetime | None:
    """The last check, if MISSED_CHECKS later ones should have been stored since; None while checks come in time."""
    last = provider.last_check_at
    if provider.next_check_at is None or last is None or last >= _oldest_fresh():
        return None
    return last


def unchecked(providers: WorkspaceProviderQuerySet) -> WorkspaceProviderQuerySet:
    """Those with an `unchecked_since`, the longest first. Reads the whole table: an index would cost each check."""
    late = providers.filter(next_check_at__isnull=False, last_check_at__lt=_oldest_fresh())
    return late.order_by("last_check_at")


def _oldest_fresh() -> datetime:
    return timezone.now() - max(MISSED_CHECKS * settings.CHECK_INTERVAL, SHORTEST)
