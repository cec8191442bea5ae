"""What the first page of the infrastructure shows: the access URL, who uses which, and what is under way."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from infrastructure.choices import ACTIVE_CHANGES, ACTIVE_ROLLOUTS
from infrastructure.models import AccessURLChange, Rollout
from infrastructure.panels import Panel, make_panels
from providers.choices import AccessURLState
from providers.models import AccessURL

MOST_CHANGES = 20


@dataclass(frozen=True, kw_only=True)
class Overview:
    """`addresses`: all rows, the newest first; `changes`: the last ones that have ended."""

    addresses: Sequence[AccessURL]
    changes: Sequence[AccessURLChange]
    active_change: AccessURLChange | None
    active_panel: Panel | None

    @property
    def current(self) -> AccessURL | None:
        """None until the access URL was changed once: the variable says it then."""
        return self._first(AccessURLState.CURRENT)

    @property
    def url(self) -> str:
        return self.current.url if self.current else str(settings.ACCESS_URL)

    @property
    def accepted(self) -> AccessURL | None:
        """The other one that is answered, too."""
        return self._first(AccessURLState.ACCEPTED)

    @property
    def other_variable(self) -> str:
        """What CODERADMIN_ACCESS_URL says, when that is another and the row counts."""
        return str(settings.ACCESS_URL) if self.url != settings.ACCESS_URL else ""

    def _first(self, state: AccessURLState) -> AccessURL | None:
        return next((row for row in self.addresses if row.state == state), None)


def load_overview() -> Overview:
    """Five queries at most."""
    changes = list(AccessURLChange.objects.exclude(state__in=ACTIVE_CHANGES)[:MOST_CHANGES])
    rollout = Rollout.objects.filter(state__in=ACTIVE_ROLLOUTS).first()
    panels = make_panels([rollout], managed=False, present_url="") if rollout else []
    return Overview(
        addresses=list(AccessURL.objects.all()),
        changes=changes,
        active_change=AccessURLChange.objects.filter(state__in=ACTIVE_CHANGES).first(),
        active_panel=panels[0] if panels else None,
    )
