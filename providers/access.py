"""Who may use what, as a grid of organizations and providers: what the allowlist pages and the access matrix show."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, TextField, Value, Window
from django.db.models.functions import Cast, RowNumber

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
MERELY = {access: Cell(access, access, 0, 0) for access in (Access.OPEN, Access.CLOSING)}
"""Without environments: one for all, since a matrix holds thousands of them."""
TextPair = tuple[str, str]
"""The ids of a Pair as texts: making and hashing thousands of UUIDs takes longer than reading the rows."""
TEXTS = Cast("provider", TextField()), Cast("organization", TextField())


@dataclass(frozen=True, kw_only=True)
class Grid:
    """`cells`: only those that hold something; the others are NOTHING."""

    providers: Sequence[WorkspaceProvider]
    organizations: Sequence[Organization]
    cells: Mapping[TextPair, Cell] = field(default_factory=dict)

    def cell(self, provider: WorkspaceProvider, organization: Organization) -> Cell:
        return self.cells.get((str(provider.pk), str(organization.pk)), NOTHING)

    def row(self, organization: Organization) -> list[Cell]:
        row = [NOTHING] * len(self.providers)
        for column, cell in self.filled(organization):
            row[column] = cell
        return row

    def filled(self, organization: Organization) -> list[tuple[int, Cell]]:
        """The cells of its row that hold something, each with the number of its column."""
        return self._by_organization.get(str(organization.pk), [])

    @cached_property
    def _by_organization(self) -> dict[str, list[tuple[int, Cell]]]:
        columns = {str(provider.pk): number for number, provider in enumerate(self.providers)}
        found: dict[str, list[tuple[int, Cell]]] = defaultdict(list)
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
    among = _among([each.pk for each in providers], [each.pk for each in organizations])
    entries = AllowlistEntry.objects.filter(among).values_list(*TEXTS, "closing")
    cells = {(provider, organization): MERELY[_access(closing)] for provider, organization, closing in entries}
    counts = _counts(among)
    wanted = {(str(provider), str(organization)): access for (provider, organization), access in (wishes or {}).items()}
    for pair in counts.keys() | wanted.keys():
        present = cells.get(pair, NOTHING).present
        cells[pair] = Cell(present, wanted.get(pair, present), *counts.get(pair, (0, 0)))
    return Grid(providers=providers, organizations=organizations, cells=cells)


def present_access(providers: Collection[UUID], organizations: Collection[UUID]) -> dict[Pair, Access]:
    """Pairs without access are left out. One query."""
    entries = AllowlistEntry.objects.filter(_among(providers, organizations))
    found = entries.values_list("provider", "organization", "closing")
    return {(provider, organization): _access(closing) for provider, organization, closing in found}


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


def _access(closing: bool) -> Access:
    return Access.CLOSING if closing else Access.OPEN


def _counts(among: Q) -> dict[TextPair, tuple[int, int]]:
    """Of the running and of the stopped environments."""
    rows = (
        _environments()
        .filter(among)
        .order_by()
        .values_list(*TEXTS)
        .annotate(total=Count("pk"), running=Count("pk", filter=Q(status__in=RUNNING_ENVIRONMENTS)))
    )
    return {(provider, organization): (running, total - running) for provider, organization, total, running in rows}


def _environments() -> QuerySet:
    return WorkspaceProvider.environments.rel.related_model._default_manager.all()
