"""Which organizations and people somebody wants to see: what the address of a list says."""

from dataclasses import dataclass
from typing import Self

from django.http import QueryDict

from organizations.choices import SiteRole
from organizations.querysets import ORGANIZATION_SORTS, USER_SORTS, OrganizationQuerySet, UserQuerySet

ORGANIZATION_SORT_LABELS = {
    "name": "Name",
    "-name": "Name, Z to A",
    "members": "Most members first",
    "environments": "Most environments first",
    "created": "Newest first",
}
USER_SORT_LABELS = {
    "email": "E-mail",
    "-email": "E-mail, Z to A",
    "role": "Site role",
    "created": "Newest first",
    "last_login": "Last sign-in first",
}
ACTIVE, DEACTIVATED = "active", "deactivated"
STATES = {ACTIVE: "Active", DEACTIVATED: "Deactivated"}
LONGEST_SEARCH = 255
MOST_WORDS = 10  # every word costs a condition on several columns


def words_of(query: QueryDict) -> str:
    """The search text, as far as a database takes it."""
    return " ".join(query.get("q", "")[:LONGEST_SEARCH].replace("\0", "").split()[:MOST_WORDS])


def _known(query: QueryDict, name: str, choices: object, otherwise: str = "") -> str:
    """What makes no sense is left out: an old link still shows a list."""
    value = query.get(name, "")
    return value if value in choices else otherwise  # type: ignore[operator]


@dataclass(frozen=True, kw_only=True)
class OrganizationFilter:
    """Search text, and sort: one of ORGANIZATION_SORTS."""

    text: str = ""
    sort: str = "name"

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        return cls(text=words_of(query), sort=_known(query, "sort", ORGANIZATION_SORTS, "name"))

    @property
    def narrows(self) -> bool:
        return bool(self.text)

    def narrowed(self, organizations: OrganizationQuerySet) -> OrganizationQuerySet:
        return organizations.search(self.text).sorted_by(self.sort)


@dataclass(frozen=True, kw_only=True)
class UserFilter:
    """Search text, site role and state (each may be empty), and sort: one of USER_SORTS."""

    text: str = ""
    role: str = ""
    state: str = ""
    sort: str = "email"

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        return cls(
            text=words_of(query),
            role=_known(query, "role", SiteRole.values),
            state=_known(query, "state", STATES),
            sort=_known(query, "sort", USER_SORTS, "email"),
        )

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.role or self.state)

    def narrowed(self, users: UserQuerySet) -> UserQuerySet:
        rows = users.search(self.text)
        if self.role:
            rows = rows.filter(site_role=self.role)
        if self.state:
            rows = rows.filter(is_active=self.state == ACTIVE)
        return rows.sorted_by(self.sort)
