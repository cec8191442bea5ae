"""Which providers a person wants to see: what the address of the list says."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict

from providers.querysets import SORTS, WorkspaceProviderQuerySet
from providers.releases import outdated
from providers.tally import (
    CHOICES,
    CORDONED,
    OUTDATED,
    STATUSES,
    Overview,
    Tally,
    singles_of,
    tally_of,
    tally_of_singles,
)

FILTERS = {status.value: Q(status=status) for status in STATUSES} | {CORDONED: Q(cordoned_at__isnull=False)}
LABELS = {OUTDATED: "Chart outdated"}
SORT_LABELS = {
    "name": "Name",
    "-name": "Name, Z to A",
    "status": "Status, errors first",
    "since": "Last change first",
    "created": "Newest first",
}
LONGEST_SEARCH = 255
MOST_WORDS = 10  # every word costs a condition on four columns
FEW = 500  # found by words: so many are counted here sooner than by another query


@dataclass(frozen=True, kw_only=True)
class Facet:
    """One choice of the status filter; `value` is empty for all."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ProviderFilter:
    """Search text, status (one of CHOICES, or empty) and sort (one of SORTS)."""

    text: str = ""
    status: str = ""
    sort: str = "name"

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """What makes no sense is left out: an old link still shows a list."""
        words = query.get("q", "")[:LONGEST_SEARCH].replace("\0", "").split()[:MOST_WORDS]
        status, sort = query.get("status", ""), query.get("sort", "")
        return cls(
            text=" ".join(words), status=status if status in CHOICES else "", sort=sort if sort in SORTS else "name"
        )

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.status)

    def find(
        self, providers: WorkspaceProviderQuerySet, everything: Callable[[], Overview]
    ) -> tuple[Tally, Sequence[UUID] | QuerySet[Any, UUID]]:
        """The numbers of those whom the text finds; and the ids of those that are of the status, too, in order.

        Without a text that is everything. With one, two queries for few, and no more than two beyond that.
        """
        if not self.text:
            tally = everything().tally
            return tally, self.narrowed(providers, versions=tally.versions).values_list("pk", flat=True)
        searched = self.searched(providers)
        if len(few := singles_of(searched.sorted_by(self.sort)[: FEW + 1])) <= FEW:
            return tally_of_singles(few.values()), [pk for pk, single in few.items() if single.fitting(self.status)]
        tally = tally_of(searched)
        return tally, self.narrowed(searched, versions=tally.versions).values_list("pk", flat=True)

    def searched(self, providers: WorkspaceProviderQuerySet) -> WorkspaceProviderQuerySet:
        return providers.search(self.text)

    def narrowed(
        self, searched: WorkspaceProviderQuerySet, *, versions: Collection[str] = ()
    ) -> WorkspaceProviderQuerySet:
        """`versions` of charts in use are needed to find the outdated ones."""
        if not self.status:
            return searched.sorted_by(self.sort)
        rule = outdated(versions) if self.status == OUTDATED else FILTERS[self.status]
        return searched.filter(rule).sorted_by(self.sort)


def facets_of(tally: Tally) -> list[Facet]:
    """How many providers each choice of the status filter would show."""
    choices = [
        Facet(value=name, label=LABELS.get(name, name.capitalize()), count=tally.count(name)) for name in CHOICES
    ]
    return [Facet(value="", label="All", count=tally.count()), *choices]
