"""Environments as rows and heads of pages: the chip, what is being done, and whether anything moves."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from environments.choices import EnvironmentOperationKind, EnvironmentStatus
from environments.models import Environment, EnvironmentOperation
from environments.opening import refusal_to_open
from environments.policies import can_open
from environments.querysets import EnvironmentQuerySet
from organizations.policies import Visitor
from providers.choices import ACTIVE_STATES
from providers.models import WorkspaceProvider
from providers.querysets import document_fields
from providers.timeline import in_words

CHIPS = {
    EnvironmentStatus.CREATING: "pending",
    EnvironmentStatus.ON: "ready",
    EnvironmentStatus.OFF: "pending",
    EnvironmentStatus.FAILED: "error",
    EnvironmentStatus.UNKNOWN: "pending",
}
DOING = {
    EnvironmentOperationKind.CREATE: "Building",
    EnvironmentOperationKind.START: "Starting",
    EnvironmentOperationKind.STOP: "Stopping",
    EnvironmentOperationKind.REBUILD: "Rebuilding",
    EnvironmentOperationKind.DELETE: "Deleting",
}


IN_LIST = (
    *("name", "image", "tag", "cpu_cores", "memory_gb", "disk_gb", "gpus"),
    *("status", "message", "status_since", "revision"),
    *("owner__name", "owner__email", "organization__name", "provider__name", "provider__last_beat_at"),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """`environment` is of `for_rows`; `user`: who looks at it."""

    environment: Environment
    user: Visitor = None

    @property
    def doing(self) -> str:
        """The active operation in a word, or nothing."""
        kind = getattr(self.environment, "active_kind", None)
        return DOING[EnvironmentOperationKind(kind)] if kind else ""

    @property
    def moves(self) -> bool:
        """Whether its chip may change within seconds."""
        return bool(self.doing) or self.environment.status == EnvironmentStatus.CREATING

    @property
    def opens(self) -> bool:
        """Whether a click leads into it now."""
        return can_open(self.user, self.environment) and not self.doing and not refusal_to_open(self.environment)

    @property
    def chip(self) -> str:
        """The look of the chip, one of ready, pending and error; what moves is busy."""
        if self.moves:
            return "pending busy"
        return CHIPS[EnvironmentStatus(self.environment.status)]

    @property
    def label(self) -> str:
        return self.doing or EnvironmentStatus(self.environment.status).label

    @property
    def detail(self) -> str:
        """How long something that is not as it should be has lasted."""
        if self.moves or self.environment.status not in (EnvironmentStatus.FAILED, EnvironmentStatus.UNKNOWN):
            return ""
        return in_words(timezone.now() - self.environment.status_since)

    @property
    def state(self) -> str:
        """A short digest; it changes when what is shown of the environment should be loaded again."""
        facts = (self.label, self.environment.message, self.environment.revision)
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:8]


def for_rows(environments: EnvironmentQuerySet) -> EnvironmentQuerySet:
    """With places, and `active_kind`, the kind of the active operation; all in the same query."""
    active = EnvironmentOperation.objects.filter(environment=OuterRef("pk"), state__in=ACTIVE_STATES)
    rows = environments.with_places().annotate(active_kind=Subquery(active.values("kind")[:1]))
    return rows.defer(*(f"provider__{name}" for name in document_fields(WorkspaceProvider)))


def for_list(environments: EnvironmentQuerySet) -> EnvironmentQuerySet:
    """As `for_rows`, with nothing but what a row of the list shows."""
    return for_rows(environments).defer(None).only(*IN_LIST)


def make_rows(environments: Iterable[Environment], *, user: Visitor) -> list[Row]:
    return [Row(environment=environment, user=user) for environment in environments]
