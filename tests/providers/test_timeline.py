"""Spans, availability and strip of a provider's status changes."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest

from providers.timeline import NONE, Span, availability, in_words, percent, spans, strip

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
STATUSES = ("pending", "ready", "error")


class Row(NamedTuple):
    at: datetime
    old: str
    new: str


def at(hours: float) -> datetime:
    """So many hours before NOW."""
    return NOW - timedelta(hours=hours)


def random_life(seed: int) -> list[Row]:
    """Changes of a provider that was registered at some moment of the last two days."""
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
    moments = sorted(at(dice.uniform(0, 48)) for _ in range(dice.randint(1, 40)))
    rows, status = [Row(moments[0], "", "pending")], "pending"
    for moment in moments[1:]:
        new = dice.choice([other for other in STATUSES if other != status])
        rows.append(Row(moment, status, new))
        status = new
    return rows


@pytest.mark.parametrize("seed", range(50))
def test_spans_cover_the_life_without_gap_or_overlap(seed: int) -> None:
    rows = random_life(seed)
    life = spans(random.Random(seed).sample(rows, len(rows)), status=rows[-1].new, registered_at=rows[0].at, now=NOW)  # noqa: S311
    assert life[0].start == rows[0].at
    assert life[-1].end == NOW
    assert all(left.end == right.start for left, right in pairwise(life))
    assert [span.status for span in life] == [row.new for row in rows]


@pytest.mark.parametrize("seed", range(50))
def test_availability_agrees_with_counting_every_second(seed: int) -> None:
    rows = random_life(seed)
    life = spans(rows, status=rows[-1].new, registered_at=rows[0].at, now=NOW)
    held = [status_at(rows, NOW - timedelta(seconds=second)) for second in range(0, 86_400, 20)]
    ready, error = held.count("ready"), held.count("error")
    share = availability(life, start=NOW - DAY, end=NOW)
    if share is None:
        assert ready + error <= 1
    else:
        assert share == pytest.approx(ready / (ready + error), abs=0.05)


def status_at(rows: list[Row], moment: datetime) -> str:
    return next((row.new for row in reversed(rows) if row.at <= moment), "")


@pytest.mark.parametrize("seed", range(50))
def test_a_part_of_the_strip_shows_the_worst_that_held_in_it(seed: int) -> None:
    rows = random_life(seed)
    life = spans(rows, status=rows[-1].new, registered_at=rows[0].at, now=NOW)
    shown = strip(life, start=NOW - DAY, end=NOW, count=48)
    assert len(shown) == 48
    for number, status in enumerate(shown):
        left = NOW - DAY + timedelta(minutes=30) * number
        moments = [left + timedelta(seconds=second) for second in range(0, 1800, 10)]
        seen = {status_at(rows, moment) for moment in moments}
        worse = {"error": set(), "pending": {"error"}, "ready": {"error", "pending"}, NONE: set(STATUSES)}[status]
        assert not seen & worse


def test_a_provider_without_changes_has_had_its_status_since_it_was_registered() -> None:
    assert spans([], status="ready", registered_at=at(3), now=NOW) == [Span("ready", at(3), NOW)]


def test_what_held_before_the_first_loaded_change_is_known_from_it() -> None:
    life = spans([Row(at(1), "ready", "error")], status="error", registered_at=at(100), now=NOW)
    assert life == [Span("ready", at(100), at(1)), Span("error", at(1), NOW)]


def test_pending_time_and_the_time_before_registration_do_not_count() -> None:
    rows = [Row(at(10), "", "pending"), Row(at(4), "pending", "ready"), Row(at(1), "ready", "error")]
    life = spans(rows, status="error", registered_at=at(10), now=NOW)
    assert availability(life, start=NOW - DAY, end=NOW) == pytest.approx(0.75)
    assert strip(life, start=NOW - DAY, end=NOW, count=24) == [NONE] * 14 + ["pending"] * 6 + ["ready"] * 3 + ["error"]


def test_the_availability_of_a_pending_provider_is_not_known() -> None:
    life = spans([], status="pending", registered_at=at(5), now=NOW)
    assert availability(life, start=NOW - DAY, end=NOW) is None
    assert percent(None) == "not known yet"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3700, "1 h 1 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (100_000, "1 d 3 h"),
        (900_000, "10 d"),
    ],
)
def test_a_duration_is_said_in_at_most_two_units(seconds: float, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(1, "100 %"), (0.99999, "99.99 %"), (0.9902, "99.02 %"), (0.985, "98.5 %"), (0.00001, "0.1 %"), (0, "0 %")],
)
def test_a_percentage_never_hides_a_failure(share: float, words: str) -> None:
    assert percent(share) == words
