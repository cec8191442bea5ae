"""How many providers there are of each kind: the numbers above the list, on its filters, and of its pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from providers.choices import ProviderStatus
from providers.querysets import WorkspaceProviderQuerySet
from providers.releases import is_outdated

CORDONED, OUTDATED = "cordoned", "outdated"
STATUSES = (ProviderStatus.READY, ProviderStatus.ERROR, ProviderStatus.PENDING)
CHOICES = (*(status.value for status in STATUSES), CORDONED, OUTDATED)


class Group(NamedTuple):
    """So many have these in common."""

    status: str
    is_cordoned: bool
    chart_version: str
    providers: int

    def fits(self, choice: str) -> bool:
        """One of CHOICES; an empty one fits all."""
        if choice == CORDONED:
            return self.is_cordoned
        if choice == OUTDATED:
            return is_outdated(self.chart_version)
        return choice in ("", self.status)


@dataclass(frozen=True)
class Tally:
    groups: Collection[Group]

    def count(self, choice: str = "") -> int:
        return sum(group.providers for group in self.groups if group.fits(choice))

    @property
    def versions(self) -> set[str]:
        """Of the charts in use."""
        return {group.chart_version for group in self.groups}


def tally_of(providers: WorkspaceProviderQuerySet) -> Tally:
    """One query for all the numbers, since each would read the same rows."""
    is_cordoned = ExpressionWrapper(Q(cordoned_at__isnull=False), BooleanField())
    grouped = providers.order_by().values_list("status", is_cordoned, "chart_version").annotate(total=Count("*"))
    return Tally([Group(*row) for row in grouped])


class CountedPaginator(Paginator):
    """Of rows that are counted already."""

    def __init__(self, rows: Sequence[Any] | QuerySet, size: int, *, count: int) -> None:
        super().__init__(rows, size)
        self.count = count
