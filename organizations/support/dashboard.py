"""The first page of /support/: what needs somebody now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Model, QuerySet, Window

from organizations.policies import Visitor, can_look_at

SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One of what a panel is about: since when, and why. `url` leads to its page at /support/."""

    name: str
    url: str
    why: str = ""
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many there are, and the newest few."""

    total: int
    entries: list[Entry]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """`title` stands before their number, `calm` is for none; `url`: the list page. `find` takes one query.

    It is for those who may look at the rows of `model`.
    """

    title: str
    calm: str
    model: type[Model]
    url: Callable[[], str]
    find: Callable[[], Found]


@dataclass(frozen=True, kw_only=True)
class Shown:
    panel: Panel
    found: Found


PANELS: list[Panel] = []


def add_panels(*panels: Panel) -> None:
    PANELS.extend(panels)


def found_in_panels(user: Visitor) -> list[Shown]:
    """What a person may see, panels with something in them first. One query each."""
    shown = [Shown(panel=panel, found=panel.find()) for panel in PANELS if can_look_at(user, panel.model)]
    return sorted(shown, key=lambda each: not each.found.total)


def newest(rows: QuerySet[Any], entry: Callable[[Any], Entry]) -> Found:
    """The first few of sorted rows, and how many there are, in one query."""
    first = list(rows.annotate(total_rows=Window(Count("pk")))[:SHOWN])
    return Found(total=first[0].total_rows if first else 0, entries=[entry(row) for row in first])


def first_of(entries: Iterable[Entry]) -> Found:
    """The same of what is in memory."""
    every = list(entries)
    return Found(total=len(every), entries=every[:SHOWN])
