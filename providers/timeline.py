"""What the status changes of a provider add up to: spans, availability, the strip, durations. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Protocol

from providers.choices import ProviderStatus

NONE = "none"
WORST_FIRST = (ProviderStatus.ERROR, ProviderStatus.PENDING, ProviderStatus.READY)


class Change(Protocol):
    """A change of status; `old` is empty for the registration. StatusChange fits."""

    @property
    def at(self) -> datetime: ...
    @property
    def old(self) -> str: ...
    @property
    def new(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Span:
    """`status` held from `start` until just before `end`."""

    status: str
    start: datetime
    end: datetime


def spans(changes: Iterable[Change], *, status: str, registered_at: datetime, now: datetime) -> list[Span]:
    """The whole life of a provider, oldest first and without gaps.

    `status` is the present one; it alone counts when there are no changes. Before the first change the
    status was what that change calls `old`, since `registered_at`.
    """
    ordered = sorted(changes, key=lambda change: change.at)
    before = ordered[0].old if ordered else status
    starts = [(registered_at, before)] + [(change.at, change.new) for change in ordered]
    ends = [at for at, _ in starts[1:]] + [now]
    found = [Span(status, start, end) for (start, status), end in zip(starts, ends, strict=True)]
    return [span for span in found if span.status and span.end > span.start]


def availability(life: Iterable[Span], *, start: datetime, end: datetime) -> float | None:
    """As `share`."""
    return share(durations(life, start=start, end=end))


def durations(life: Iterable[Span], *, start: datetime, end: datetime) -> dict[str, timedelta]:
    """How long each status held within the time; nothing for one that did not."""
    held: dict[str, timedelta] = defaultdict(timedelta)
    for span in _overlapping(life, start, end):
        held[span.status] += min(span.end, end) - max(span.start, start)
    return held


def share(held: Mapping[str, timedelta]) -> float | None:
    """Share of ready time in ready and error time, 0 to 1; None when there was neither."""
    ready, error = (held.get(status, timedelta()) for status in (ProviderStatus.READY, ProviderStatus.ERROR))
    return ready / (ready + error) if ready + error else None


def midnight(moment: datetime) -> datetime:
    """The beginning of its day in UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def strip(life: Iterable[Span], *, start: datetime, end: datetime, count: int) -> list[str]:
    """`count` equal parts of the time, oldest first: the worst status that held in each, or `none`."""
    within, width = _overlapping(life, start, end), (end - start) / count
    edges = [start + width * number for number in range(count + 1)]
    return [_worst(_overlapping(within, left, right)) for left, right in pairwise(edges)]


def _overlapping(life: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    return [span for span in life if span.end > start and span.start < end]


def _worst(parts: Iterable[Span]) -> str:
    held = {span.status for span in parts}
    return next((str(status) for status in WORST_FIRST if status in held), NONE)


def in_words(duration: timedelta) -> str:
    """`12 s`, `14 min`, `3 h 5 min`, `2 d 4 h`: at most two units, rounded down; nothing negative."""
    seconds = max(0, int(duration.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if minutes < 1:
        return f"{seconds} s"
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return _two(f"{hours} h", minutes % 60, "min")
    return _two(f"{days} d", hours % 24, "h") if days < 10 else f"{days} d"


def _two(large: str, number: int, unit: str) -> str:
    return f"{large} {number} {unit}" if number else large


def percent(share: float | None) -> str:
    """`99.0 %`; never rounded up to 100 % or down to 0 %; `not known yet` for None."""
    if share is None:
        return "not known yet"
    shown = round(share * 100, 2 if share > 0.99 else 1)
    if share < 1:
        shown = min(shown, 99.99)
    if share > 0:
        shown = max(shown, 0.1)
    return f"{shown:g} %"
