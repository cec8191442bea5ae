"""The upgrade board: each provider's chart against this deployment's, and what its release lacks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from infrastructure.services.rollouts import is_by_hand
from providers.models import WorkspaceProvider
from providers.release_diff import Drift
from providers.releases import ChartState, chart_state
from providers.services.values import release_drift

WORDS = {
    ChartState.CURRENT: "up to date",
    ChartState.OUTDATED: "outdated",
    ChartState.NEWER: "newer than ours",
    ChartState.UNKNOWN: "not known",
}
ORDER = [ChartState.OUTDATED, ChartState.UNKNOWN, ChartState.NEWER, ChartState.CURRENT]


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    provider: WorkspaceProvider
    access_url: str

    @cached_property
    def chart(self) -> ChartState:
        return chart_state(self.provider)

    @cached_property
    def drift(self) -> Drift:
        return release_drift(self.provider, access_url=self.access_url)

    @property
    def words(self) -> str:
        return WORDS[self.chart]

    @property
    def is_outdated(self) -> bool:
        return self.chart == ChartState.OUTDATED

    @property
    def by_hand(self) -> bool:
        return is_by_hand(self.provider)


def board_of(providers: Iterable[WorkspaceProvider], *, access_url: str) -> list[BoardRow]:
    """Outdated ones first. One query."""
    rows = [BoardRow(provider=provider, access_url=access_url) for provider in providers]
    return sorted(rows, key=lambda row: (ORDER.index(row.chart), row.provider.name))


def outdated_of(rows: Sequence[BoardRow]) -> list[WorkspaceProvider]:
    return [row.provider for row in rows if row.is_outdated]
