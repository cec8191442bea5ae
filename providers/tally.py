"""How many providers there are of each kind: the numbers above the list, on its filters, and of its pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from providers.choices import ProviderStatus
from providers.querysets import WorkspaceProviderQuerySet
from providers.releases import is_outdated

CORDONED, OUTDATED = "cordoned", "outdated"
STATUSES = (ProviderStatus.READY, ProviderStatus.ERROR, ProviderStatus.PENDING)
CHOICES = (*(status.value for status in STATUSES), CORDONED, OUTDATED)
KIND = ("status", ExpressionWrapper(Q(cordoned_at__isnull=False), BooleanField()), "chart_version")


class Kind(NamedTuple):
    status: str
    is_cordoned: bool
    chart_version: str

    def fits(self, choice: str) -> bool:
        """One of CHOICES; an empty one fits all."""
        if choice == CORDONED:
            return self.is_cordoned
        if choice == OUTDATED:
            return is_outdated(self.chart_version)
        return choice in ("", self.status)


@dataclass(frozen=True)
class Tally:
    """How many providers there are of each kind."""

    kinds: Mapping[Kind, int]

    def count(self, choice: str = "") -> int:
        return sum(providers for kind, providers in self.kinds.items() if kind.fits(choice))

    @property
    def versions(self) -> set[str]:
        """Of the charts in use."""
        return {kind.chart_version for kind in self.kinds}


def tally_of(providers: WorkspaceProviderQuerySet) -> Tally:
    """One query for all the numbers, since each would read the same rows."""
    counted = providers.order_by().values_list(*KIND).annotate(total=Count("*"))
    return Tally({Kind(*kind): total for *kind, total in counted})


def kinds_of(providers: WorkspaceProviderQuerySet) -> dict[UUID, Kind]:
    """One query, in its order."""
    return {pk: Kind(*kind) for pk, *kind in providers.values_list("pk", *KIND)}


class CountedPaginator(Paginator):
    """Of rows that are counted already."""

    def __init__(self, rows: Sequence[Any] | QuerySet, size: int, *, count: int) -> None:
        super().__init__(rows, size)
        self.count = count
