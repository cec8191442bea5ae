"""Which providers a person wants to see: what the address of the list says."""

from dataclasses import dataclass
from typing import Self

from django.db.models import Count, Q
from django.http import QueryDict

from providers.choices import ProviderStatus
from providers.querysets import SORTS, WorkspaceProviderQuerySet
from providers.releases import outdated

CORDONED = "cordoned"
STATUSES = (ProviderStatus.READY, ProviderStatus.ERROR, ProviderStatus.PENDING)
FILTERS = {status.value: Q(status=status) for status in STATUSES} | {CORDONED: Q(cordoned_at__isnull=False)}
OUTDATED = "outdated"  # its rule needs a look at the versions in use
CHOICES = (*FILTERS, OUTDATED)
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

    def searched(self, providers: WorkspaceProviderQuerySet) -> WorkspaceProviderQuerySet:
        return providers.search(self.text)

    def narrowed(self, searched: WorkspaceProviderQuerySet) -> WorkspaceProviderQuerySet:
        rows = searched.filter(_rule(self.status, searched)) if self.status else searched
        return rows.sorted_by(self.sort)


def facets_of(searched: WorkspaceProviderQuerySet) -> list[Facet]:
    """How many providers each choice of the status filter would show; two queries."""
    rules = {name: _rule(name, searched) for name in CHOICES}
    counts = searched.aggregate(all=Count("pk"), **{name: Count("pk", filter=rule) for name, rule in rules.items()})
    choices = [Facet(value=name, label=LABELS.get(name, name.capitalize()), count=counts[name]) for name in CHOICES]
    return [Facet(value="", label="All", count=counts["all"]), *choices]


def _rule(name: str, searched: WorkspaceProviderQuerySet) -> Q:
    return outdated(searched) if name == OUTDATED else FILTERS[name]
