"""Changes of status that no card reads any more become one row for each day (ProviderDay)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import TruncDay
from django.utils import timezone

from providers import timeline
from providers.choices import ChangeKind
from providers.models import ProviderDay, StatusChange, WorkspaceProvider
from providers.timeline import Change

BATCH = 50  # providers; one that flaps without end makes 2,500 changes a day
DAY = timedelta(days=1)


def roll_up_history() -> None:
    """Of days that ended HISTORY_KEPT ago or earlier. The last such change of each provider stays until a later one
    takes its place, so that the card goes on saying since when.

    Safe when repeated, and when two do it at once: a day that has its row is not counted again.
    A query for all, one for each day that is due, and four for each 50 providers of it.
    """
    before = timeline.midnight(timezone.now() - settings.HISTORY_KEPT)
    days = _due(before).annotate(day=TruncDay("at", tzinfo=UTC)).order_by("day").values_list("day", flat=True)
    for day in list(days.distinct()):
        for ids in _batches(_due(before).filter(at__gte=day, at__lt=day + DAY)):
            _roll_up(day, ids, before)


def _due(before: datetime) -> QuerySet[StatusChange]:
    """The changes of status that may leave: those that are followed by another one before that moment."""
    old = StatusChange.objects.filter(kind=ChangeKind.STATUS, at__lt=before)
    return old.filter(Exists(old.filter(provider=OuterRef("provider"), at__gt=OuterRef("at"))))


def _batches(changes: QuerySet[StatusChange]) -> Iterator[Sequence[UUID]]:
    ids = list(changes.order_by("provider").values_list("provider", flat=True).distinct())
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


@transaction.atomic
def _roll_up(day: datetime, ids: Sequence[UUID], before: datetime) -> None:
    providers = WorkspaceProvider.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids)
    there = list(providers.order_by("pk").values_list("pk", flat=True))
    of_day = {"provider__in": there, "at__gte": day, "at__lt": day + DAY}
    changes: dict[UUID, list[Change]] = defaultdict(list)
    rows = StatusChange.objects.filter(**of_day, kind=ChangeKind.STATUS).order_by("at", "id")
    for row in rows.values_list("at", "old", "new", "provider", named=True):
        changes[row.provider].append(row)
    days = [_summed(provider, day, of_provider) for provider, of_provider in changes.items()]
    ProviderDay.objects.bulk_create(days, ignore_conflicts=True)
    _due(before).filter(**of_day).delete()


def _summed(provider: UUID, day: datetime, changes: Sequence[Change]) -> ProviderDay:
    life = timeline.spans(changes, status=changes[-1].new, registered_at=day, now=day + DAY)
    held = timeline.durations(life, start=day, end=day + DAY)
    seconds = {status: duration.total_seconds() for status, duration in held.items()}
    return ProviderDay(
        provider_id=provider,
        day=day.date(),
        old=changes[0].old,
        ready=seconds.get("ready", 0),
        error=seconds.get("error", 0),
        pending=seconds.get("pending", 0),
        changes=len(changes),
    )
