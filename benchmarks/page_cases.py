"""The cases of the pages, each with the targets of its median: multiples of A and of F."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.seed import EMAIL, LIST, MEMBER
from benchmarks.site import FRAGMENT

ADMIN, BARE = "A, the Django admin", "F, a bare view"
NARROW = "F, if it read six columns only"
AUDIT, ENVIRONMENTS = "/manage/audit/", "/environments/"
LIST_CASE = "providers, 50 rows"
UNFROZEN = "providers, 50 rows, without gc.freeze()"
SEARCH, RARE, ORGANIZATION, FILTER = (
    f"providers, {what}" for what in ("search", "search of a rare word", "search of an organization", "filter")
)
TENTH = "providers, 50 rows of a tenth"
EXPANDED = "an expanded row"
EXPANDED_OPEN = "an expanded row, all organizations"
DEEP = "providers, last but fifth page"
DEEP_ENVIRONMENTS = "environments, last but fifth page"
ENVIRONMENTS_CASE = "environments, 50 rows"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A page as somebody asks for it. `conditional`: with the headers that the list's poller sends."""

    name: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    program: str = "product"
    person: str = "admin"
    world: str = "large"
    conditional: bool = False
    most_of_admin: float | None = None
    most_of_bare: float | None = None

    @property
    def email(self) -> str:
        return MEMBER if self.person == "member" else EMAIL

    @property
    def baselines(self) -> Sequence[str]:
        return {"baseline": (), "unfrozen": (LIST_CASE,)}.get(self.program, (ADMIN, BARE))


def _listed(name: str, query: str) -> Case:
    return Case(name=name, path=f"{LIST}{query}", most_of_admin=0.3, most_of_bare=2.2)


def _audited(name: str, query: str) -> Case:
    return Case(name=f"audit, {name}", path=f"{AUDIT}?{query}", most_of_admin=1)


CASES = [
    Case(name=BARE, path="/bare/", program="baseline"),
    Case(name=ADMIN, path="/admin/providers/workspaceprovider/", program="baseline"),
    Case(name=NARROW, path="/bare/six/", program="baseline"),
    _listed(LIST_CASE, ""),
    Case(name=UNFROZEN, path=LIST, program="unfrozen"),
    Case(name=TENTH, path=LIST, world="tenth"),
    Case(name=DEEP, path=f"{LIST}?page=195"),
    _listed(SEARCH, "?q=sydney"),
    _listed(RARE, "?q=region-04242"),
    _listed(ORGANIZATION, "?q=Team+123"),
    _listed(FILTER, "?status=error"),
    Case(name=EXPANDED, path=f"{LIST}{{first}}/", headers=FRAGMENT, most_of_bare=1.3),
    Case(name=EXPANDED_OPEN, path=f"{LIST}{{open}}/", headers=FRAGMENT),
    Case(
        name="refresh of 50 rows, nothing moved",
        path="{poller}",
        headers=FRAGMENT,
        conditional=True,
        most_of_bare=1.3,
    ),
    Case(name="refresh of 50 rows, all moved", path="{poller}&state=", headers=FRAGMENT, most_of_bare=1.3),
    Case(name="access matrix, 200 by 200", path="/manage/admin/access/", most_of_admin=1),
    Case(name=ENVIRONMENTS_CASE, path=ENVIRONMENTS, most_of_admin=1),
    Case(name=DEEP_ENVIRONMENTS, path=f"{ENVIRONMENTS}?page=395", most_of_admin=1),
    _audited("no filter", ""),
    _audited("person", "person=person7@example.com"),
    _audited("action", "action=rollout.end"),
    _audited("area", "action=token"),
    _audited("outcome", "outcome=failed"),
    _audited("organization", "organization={organization}"),
    _audited("object", "object=workspaceprovider:{first}"),
    _audited("time", "since=2026-11-20T00:00&until=2026-11-22T00:00"),
    _audited("search", "q=region-04242"),
    _audited("search of a common word", "q=environment"),
    _audited("last page", "newer=1-1"),
    Case(name="create-environment form, 200 providers", path="/environments/new/", person="member", most_of_bare=2),
]
GROWTH = [
    (LIST_CASE, TENTH),
    (DEEP, LIST_CASE),
    (DEEP_ENVIRONMENTS, ENVIRONMENTS_CASE),
    (EXPANDED_OPEN, EXPANDED),
]
