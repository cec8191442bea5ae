"""Availability over a year: from the days that were rolled up, and the changes that are still kept."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from providers import timeline
from providers.choices import ChangeKind, ProviderStatus
from providers.models import ProviderDay, StatusChange, WorkspaceProvider
from providers.timeline import Change, Span

YEAR = timedelta(days=365)


def availability_of_year(provider: WorkspaceProvider, now: datetime) -> float | None:
    """Of the last 365 days in UTC and the present one so far; None: not known yet. Two queries."""
    start = max(timeline.midnight(now - YEAR), provider.created_at)
    days = list(ProviderDay.objects.filter(provider=provider, day__gte=start.date()))
    rows = StatusChange.objects.filter(provider=provider, kind=ChangeKind.STATUS, at__gte=start).order_by("at", "id")
    changes: Iterable[Change] = rows.values_list("at", "old", "new", named=True)
    held = _durations_of(days, start)
    life = timeline.spans(changes, status=provider.status, registered_at=provider.created_at, now=now)
    for status, duration in timeline.durations(life, start=days[-1].end if days else start, end=now).items():
        held[status] += duration
    return timeline.share(held)


def _durations_of(days: Iterable[ProviderDay], start: datetime) -> dict[str, timedelta]:
    """From `start` until the last of them has ended, with the days between that have no row."""
    held: dict[str, timedelta] = defaultdict(timedelta)
    for day in days:
        between = Span(day.old, start, day.start)
        held[between.status] += max(between.end - between.start, timedelta())
        for status in ProviderStatus.values:
            held[status] += timedelta(seconds=getattr(day, status))
        start = day.end
    return held
