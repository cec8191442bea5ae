"""Which environments somebody wants to see: what the address of the list says."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.db.models import Case, IntegerField, Value, When
from django.db.models.functions import Lower
from django.http import QueryDict

from environments.choices import EnvironmentStatus
from environments.querysets import EnvironmentQuerySet
from organizations.filters import LONGEST_SEARCH, words_of

URGENCY = (
    EnvironmentStatus.FAILED,
    EnvironmentStatus.UNKNOWN,
    EnvironmentStatus.CREATING,
    EnvironmentStatus.ON,
    EnvironmentStatus.OFF,
)
BY_URGENCY = Case(
    *(When(status=status, then=Value(place)) for place, status in enumerate(URGENCY)), output_field=IntegerField()
)
SORTS: dict[str, tuple[Any, ...]] = {
    "name": ("name",),
    "owner": (Lower("owner__email"), "name"),
    "status": (BY_URGENCY, "name"),
    "since": ("-status_since",),
    "created": ("-created_at",),
}
SORT_LABELS = {
    "name": "Name",
    "owner": "Owner",
    "status": "Status, failed first",
    "since": "Last change first",
    "created": "Newest first",
}


@dataclass(frozen=True, kw_only=True)
class EnvironmentFilter:
    """Search text, status, provider and organization (ids or names), the owner's e-mail, and one of SORTS.

    Each but the sort may be empty.
    """

    text: str = ""
    status: str = ""
    provider: str = ""
    organization: str = ""
    owner: str = ""
    sort: str = "name"

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """What makes no sense is left out: an old link still shows a list."""
        status, sort = query.get("status", ""), query.get("sort", "")
        return cls(
            text=words_of(query),
            status=status if status in EnvironmentStatus.values else "",
            provider=typed(query, "provider"),
            organization=typed(query, "organization"),
            owner=typed(query, "owner").lower(),
            sort=sort if sort in SORTS else "name",
        )

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.status or self.provider or self.organization or self.owner)

    def narrowed(self, environments: EnvironmentQuerySet) -> EnvironmentQuerySet:
        rows = environments.search(self.text)
        wanted = {"status": self.status, "owner__email": self.owner}
        wanted |= _id_or_name("provider", self.provider) | _id_or_name("organization", self.organization)
        rows = rows.filter(**{name: value for name, value in wanted.items() if value})
        return rows.order_by(*SORTS[self.sort], "id")


def typed(query: QueryDict, name: str) -> str:
    """A text of the query, as far as a database takes it."""
    return query.get(name, "")[:LONGEST_SEARCH].replace("\0", "").strip()


def _id_or_name(field: str, wanted: str) -> dict[str, Any]:
    """Links have ids, people type names."""
    pk = uuid_of(wanted)
    return {field: pk} if pk else {f"{field}__name__iexact": wanted}


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
