"""How many providers there are of each kind: the numbers above the list, on its filters, and of its pages."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from providers.choices import ProviderStatus
from providers.querysets import WorkspaceProviderQuerySet
from providers.releases import is_outdated

CORDONED, OUTDATED = "cordoned", "outdated"
STATUSES = (ProviderStatus.READY, ProviderStatus.ERROR, ProviderStatus.PENDING)
CHOICES = (*(status.value for status in STATUSES), CORDONED, OUTDATED)
OVERVIEW = """
    SELECT status, chart_version, count(*), count(cordoned_at), (SELECT count(*) FROM environments_environment)
    FROM providers_workspaceprovider
    GROUP BY status, chart_version
"""


class Group(NamedTuple):
    """Providers that have these in common, and how many of them are cordoned."""

    status: str
    chart_version: str
    providers: int
    cordoned: int

    def fitting(self, choice: str) -> int:
        """How many fit one of CHOICES; all, if it is empty."""
        if choice == CORDONED:
            return self.cordoned
        fits = is_outdated(self.chart_version) if choice == OUTDATED else choice in ("", self.status)
        return self.providers if fits else 0


@dataclass(frozen=True)
class Tally:
    groups: Collection[Group]

    def count(self, choice: str = "") -> int:
        return sum(group.fitting(choice) for group in self.groups)

    @property
    def versions(self) -> set[str]:
        """Of the charts in use."""
        return {group.chart_version for group in self.groups}


class Overview(NamedTuple):
    """Of all providers; and the number of all environments."""

    tally: Tally
    environments: int


def load_overview() -> Overview:
    """One query, in SQL: each page asks it, and Django takes longer to build it than to read what it finds."""
    with connection.cursor() as cursor:
        cursor.execute(OVERVIEW)
        rows = cursor.fetchall()
    return Overview(Tally([Group(*row[:-1]) for row in rows]), rows[0][-1] if rows else 0)


def tally_of(providers: WorkspaceProviderQuerySet) -> Tally:
    """One query for all the numbers, since each would read the same rows; grouped as the index `provider_kinds` is."""
    grouped = providers.order_by().values_list("status", "chart_version")
    return Tally([Group(*row) for row in grouped.annotate(providers=Count("*"), cordoned=Count("cordoned_at"))])


def singles_of(providers: WorkspaceProviderQuerySet) -> dict[UUID, Group]:
    """Each as a group of one, in order. One query."""
    is_cordoned = ExpressionWrapper(Q(cordoned_at__isnull=False), BooleanField())
    rows = providers.values_list("pk", "status", "chart_version", is_cordoned)
    return {pk: Group(status, chart_version, 1, cordoned) for pk, status, chart_version, cordoned in rows}


def tally_of_singles(singles: Iterable[Group]) -> Tally:
    return Tally([Group(*group[:2], count, count * group.cordoned) for group, count in Counter(singles).items()])


class CountedPaginator(Paginator):
    """Of rows that are counted already."""

    def __init__(self, rows: Sequence[Any] | QuerySet, size: int, *, count: int) -> None:
        super().__init__(rows, size)
        self.count = count
