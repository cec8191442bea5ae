"""Who may use what, as a grid of organizations and providers: what the allowlist pages and the access matrix show."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Value, Window
from django.db.models.functions import RowNumber

from coderadmin.expressions import IsAnyOf
from organizations.models import Organization
from providers.choices import RUNNING_ENVIRONMENTS, Access
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.rules import Pair

MOST_ENVIRONMENTS = 50
LETTERS = {Access.NONE: "n", Access.OPEN: "o", Access.CLOSING: "c"}
"""How a form writes them; static/js/access.js writes the same."""
ACCESS_OF = {letter: access for access, letter in LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair: what is stored (`present`), what the person asks for (`wanted`), and the environments there."""

    present: Access
    wanted: Access
    running: int
    stopped: int

    @property
    def environments(self) -> int:
        return self.running + self.stopped

    @property
    def may_close(self) -> bool:
        """Closing means something only where something is."""
        return bool(self.environments) or Access.CLOSING in (self.present, self.wanted)

    @property
    def is_allowed(self) -> bool:
        return self.wanted != Access.NONE

    @property
    def is_closing(self) -> bool:
        return self.wanted == Access.CLOSING

    @property
    def is_changed(self) -> bool:
        return self.wanted != self.present

    @property
    def was(self) -> str:
        """The present access in a word."""
        return self.present.label


NOTHING = Cell(Access.NONE, Access.NONE, 0, 0)
MERELY_OPEN = Cell(Access.OPEN, Access.OPEN, 0, 0)  # one for all: a matrix holds thousands of them


@dataclass(frozen=True, kw_only=True)
class Grid:
    """`cells`: only those that hold something; the others are NOTHING."""

    providers: Sequence[WorkspaceProvider]
    organizations: Sequence[Organization]
    cells: Mapping[Pair, Cell] = field(default_factory=dict)

    def cell(self, provider: WorkspaceProvider, organization: Organization) -> Cell:
        return self.cells.get((provider.pk, organization.pk), NOTHING)

    def row(self, organization: Organization) -> list[Cell]:
        row = [NOTHING] * len(self.providers)
        for column, cell in self.filled(organization):
            row[column] = cell
        return row

    def filled(self, organization: Organization) -> list[tuple[int, Cell]]:
        """The cells of its row that hold something, each with the number of its column."""
        return self._by_organization.get(organization.pk, [])

    @cached_property
    def _by_organization(self) -> dict[UUID, list[tuple[int, Cell]]]:
        columns = {provider.pk: number for number, provider in enumerate(self.providers)}
        found: dict[UUID, list[tuple[int, Cell]]] = defaultdict(list)
        for (provider, organization), cell in self.cells.items():
            found[organization].append((columns[provider], cell))
        return found

    def organization_rows(self) -> list[tuple[Organization, Cell, str]]:
        """Of a grid of one provider: each organization with its cell, and the letter of what is stored."""
        found = [(each, self.cell(self.providers[0], each)) for each in self.organizations]
        return [(each, cell, LETTERS[cell.present]) for each, cell in found]

    def provider_rows(self) -> list[tuple[WorkspaceProvider, Cell, str]]:
        """The same of a grid of one organization."""
        found = [(each, self.cell(each, self.organizations[0])) for each in self.providers]
        return [(each, cell, LETTERS[cell.present]) for each, cell in found]

    def shown(self) -> str:
        """The present access of every pair, a letter each, row by row: a form sends it back as what it showed."""
        return "".join(LETTERS[cell.present] for organization in self.organizations for cell in self.row(organization))


def load_grid(
    providers: Sequence[WorkspaceProvider],
    organizations: Sequence[Organization],
    wishes: Mapping[Pair, Access] | None = None,
) -> Grid:
    """Two queries, whatever the numbers."""
    pks = [each.pk for each in providers], [each.pk for each in organizations]
    present, counts = present_access(*pks), _counts(*pks)
    wanted = wishes or {}
    cells = dict.fromkeys((pair for pair, access in present.items() if access == Access.OPEN), MERELY_OPEN)
    closing = {pair for pair, access in present.items() if access == Access.CLOSING}
    for pair in closing | counts.keys() | wanted.keys():
        stored = present.get(pair, Access.NONE)
        cells[pair] = Cell(stored, wanted.get(pair, stored), *counts.get(pair, (0, 0)))
    return Grid(providers=providers, organizations=organizations, cells=cells)


def present_access(providers: Collection[UUID], organizations: Collection[UUID]) -> dict[Pair, Access]:
    """Pairs without access are left out. One query."""
    entries = AllowlistEntry.objects.filter(_among(providers, organizations))
    return {
        (provider, organization): Access.CLOSING if closing else Access.OPEN
        for provider, organization, closing in entries.values_list("provider", "organization", "closing")
    }


def named_environments(pairs: Sequence[Pair]) -> dict[Pair, list]:
    """The environments at each pair, by owner, at most MOST_ENVIRONMENTS each. One query."""
    row = Window(RowNumber(), ["provider", "organization"], [F("owner__email").asc(), F("name").asc()])
    rows = (
        _environments()
        .filter(provider__in={pair[0] for pair in pairs}, organization__in={pair[1] for pair in pairs})
        .annotate(row=row)
        .filter(row__lte=MOST_ENVIRONMENTS)
        .select_related("owner")
        .order_by("owner__email", "name")
    )
    found: dict[Pair, list] = {pair: [] for pair in pairs}
    for environment in rows:
        found.get((environment.provider_id, environment.organization_id), []).append(environment)
    return found


def _among(providers: Collection[UUID], organizations: Collection[UUID]) -> Q:
    return Q(IsAnyOf("provider", Value(list(providers))), IsAnyOf("organization", Value(list(organizations))))


def _counts(providers: Collection[UUID], organizations: Collection[UUID]) -> dict[Pair, tuple[int, int]]:
    rows = (
        _environments()
        .filter(_among(providers, organizations))
        .order_by()
        .values_list("provider", "organization")
        .annotate(total=Count("pk"), running=Count("pk", filter=Q(status__in=RUNNING_ENVIRONMENTS)))
    )
    return {(provider, organization): (running, total - running) for provider, organization, total, running in rows}


def _environments() -> QuerySet:
    return WorkspaceProvider.environments.rel.related_model._default_manager.all()
