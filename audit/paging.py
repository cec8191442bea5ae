"""Pages of audit events by keys: the thousandth page costs what the first one does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from audit.models import AuditEvent
from audit.querysets import AuditEventQuerySet

PAGE_SIZE = 50
BATCH = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITTEN = re.compile(r"(\d{1,17})-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Of an event in the list, newest first. Written as microseconds since 1970 and id."""

    at: datetime
    id: int

    @classmethod
    def of(cls, event: AuditEvent) -> Self:
        return cls(at=event.at, id=event.pk)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what is no place."""
        found = WRITTEN.fullmatch(text)
        try:
            return cls(at=EPOCH + timedelta(microseconds=int(found[1])), id=int(found[2])) if found else None
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.id}"


@dataclass(frozen=True, kw_only=True)
class Page:
    """`newer` and `older` are places from which the neighbouring pages go on; None where there is nothing."""

    events: list[AuditEvent]
    newer: Place | None
    older: Place | None


def page_of(
    events: AuditEventQuerySet, *, older: Place | None = None, newer: Place | None = None, size: int = PAGE_SIZE
) -> Page:
    """The page below `older`, above `newer`, or the first one. One query."""
    if newer:
        found = list(events.newer_than(newer).order_by("at", "id")[: size + 1])
        shown = found[size - 1 :: -1] if len(found) > size else found[::-1]
        return _page(shown, has_newer=len(found) > size, has_older=True)
    rows = events.older_than(older) if older else events
    found = list(rows.newest_first()[: size + 1])
    return _page(found[:size], has_newer=older is not None, has_older=len(found) > size)


def all_of(events: AuditEventQuerySet) -> Iterator[AuditEvent]:
    """Newest first, a batch in memory at a time, and no transaction held open meanwhile."""
    rows = events.newest_first()
    batch = list(rows[:BATCH])
    while batch:
        yield from batch
        batch = list(rows.older_than(Place.of(batch[-1]))[:BATCH])


def _page(shown: list[AuditEvent], *, has_newer: bool, has_older: bool) -> Page:
    return Page(
        events=shown,
        newer=Place.of(shown[0]) if shown and has_newer else None,
        older=Place.of(shown[-1]) if shown and has_older else None,
    )
