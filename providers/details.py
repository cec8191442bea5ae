"""What the cards show beyond the provider's own row, loaded for all cards of a page at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.apps import apps
from django.db.models import Count, F, Prefetch, Q, QuerySet, Window, prefetch_related_objects
from django.db.models.functions import Lower, RowNumber
from django.utils import timezone

from providers import timeline
from providers.choices import RUNNING_ENVIRONMENTS, ChangeKind, CredentialKind, ProviderStatus
from providers.models import (
    AllowlistEntry,
    ClusterCredential,
    EnvproxyToken,
    Operation,
    OperationLine,
    StatusChange,
    WorkspaceProvider,
)
from providers.operation_log import MOST_LINES
from providers.reasons import Reason, reason_for
from providers.year import availability_of_year

DAY, MONTH = timedelta(days=1), timedelta(days=30)
HALF_HOURS, HALF_HOUR = 48, timedelta(minutes=30)
STRIP_WORDS = {timeline.NONE: "not registered yet"}
SHOWN_CHANGES = 10
SHOWN_ORGANIZATIONS = 3
MOST_CHANGES = 1000  # a flapping provider's month is cut there; its availability then covers less
CHECK_PATIENCE = timedelta(minutes=1)
READING_TIME = timedelta(minutes=10)


class _Change(NamedTuple):
    at: datetime
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    """A change with how long its outcome lasted (None: nothing worth a word) and whether it still does."""

    change: StatusChange
    lasted: timedelta | None
    ongoing: bool

    @property
    def reason(self) -> Reason | None:
        return reason_for(self.change.reason) if self.change.reason else None

    @property
    def duration(self) -> str:
        return timeline.in_words(self.lasted) if self.lasted is not None else ""


@dataclass(frozen=True, kw_only=True)
class Availability:
    """Shares of ready time (None: not known yet), and the statuses of the last 24 hours, oldest first.

    `year` is None unless it was asked for, too.
    """

    day: float | None
    month: float | None
    year: float | None
    since: datetime
    strip: list[str]

    @property
    def day_percent(self) -> str:
        return timeline.percent(self.day)

    @property
    def month_percent(self) -> str:
        return timeline.percent(self.month)

    @property
    def year_percent(self) -> str:
        return timeline.percent(self.year)

    @property
    def in_words(self) -> str:
        """For those who can't see the strip."""
        bad = self.strip.count(ProviderStatus.ERROR)
        trouble = f"in error during {bad} of {HALF_HOURS} half hours" if bad else "no error"
        return f"Availability of the last 24 hours: {self.day_percent}; {trouble}."

    @property
    def half_hours(self) -> list[tuple[str, str]]:
        """Status and label of each part of the strip: `13:00 to 13:30 UTC: ready`."""
        starts = [self.since + HALF_HOUR * number for number in range(HALF_HOURS)]
        return [
            (status, f"{start:%H:%M} to {start + HALF_HOUR:%H:%M} UTC: {STRIP_WORDS.get(status, status)}")
            for start, status in zip(starts, self.strip, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class ProviderDetails:
    """The inside of a provider's card. `operation` is the active one, else the last one."""

    organizations: list[str] = field(default_factory=list)
    organization_count: int = 0
    environment_count: int = 0
    running_count: int = 0
    changes: list[ChangeLine] = field(default_factory=list)
    availability: Availability
    operation: Operation | None = None
    has_credential: bool = False
    tokens: list[EnvproxyToken] = field(default_factory=list)

    @property
    def tokens_to_revoke(self) -> int:
        return sum(token.is_alive for token in self.tokens)

    @property
    def more_organizations(self) -> int:
        return self.organization_count - len(self.organizations)

    @property
    def active_operation(self) -> Operation | None:
        return self.operation if self.operation and self.operation.is_active else None

    @property
    def shown_operation(self) -> Operation | None:
        return self.operation if self.operation and is_shown_in_full(self.operation) else None


def load_details(providers: Sequence[WorkspaceProvider], *, with_year: bool = False) -> dict[UUID, ProviderDetails]:
    """The details of each provider, in eight queries however many there are; none for none.

    `with_year`: two queries more for each, to be asked of one only.
    """
    if not providers:
        return {}
    ids, now = [provider.pk for provider in providers], timezone.now()
    organizations, organization_counts = _organizations(ids)
    shown, month = _shown_changes(ids), _changes_of_month(ids, now)
    environments = _environments(ids)
    operations, credentials, tokens = _operations(ids), _with_credential(ids), _tokens(ids, now)
    return {
        provider.pk: ProviderDetails(
            organizations=organizations[provider.pk],
            organization_count=organization_counts[provider.pk],
            environment_count=environments[provider.pk][0],
            running_count=environments[provider.pk][1],
            changes=_lines(shown[provider.pk], now),
            availability=_availability(provider, month[provider.pk], now, with_year=with_year),
            operation=operations.get(provider.pk),
            has_credential=provider.pk in credentials or provider.credential_kind == CredentialKind.IN_CLUSTER,
            tokens=tokens[provider.pk],
        )
        for provider in providers
    }


def is_shown_in_full(operation: Operation) -> bool:
    """With its log: while it is active, and a little longer, for its findings are to be read."""
    return operation.finished_at is None or timezone.now() - operation.finished_at < READING_TIME


def check_state(provider: WorkspaceProvider) -> str:
    """`waiting` for the outcome of a check that was asked for, `lost` after CHECK_PATIENCE, else empty."""
    asked, done = provider.check_requested_at, provider.last_check_at
    if asked is None or (done is not None and done >= asked):
        return ""
    return "waiting" if timezone.now() - asked < CHECK_PATIENCE else "lost"


def _organizations(ids: Sequence[UUID]) -> tuple[dict[UUID, list[str]], dict[UUID, int]]:
    """The first few names and the number of all."""
    row, count = Window(RowNumber(), "provider", Lower("organization__name")), Window(Count("pk"), "provider")
    entries = (
        AllowlistEntry.objects.filter(provider__in=ids)
        .annotate(row=row, total=count)
        .filter(row__lte=SHOWN_ORGANIZATIONS)
        .order_by("row")
        .values_list("provider_id", "organization__name", "total")
    )
    names: dict[UUID, list[str]] = defaultdict(list)
    counts: dict[UUID, int] = defaultdict(int)
    for provider_id, name, total in entries:
        names[provider_id].append(name)
        counts[provider_id] = total
    return names, counts


def _environments(ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """How many there are, and how many of them run."""
    model = apps.get_model("environments", "Environment")
    rows = model.objects.filter(provider__in=ids).order_by().values_list("provider")
    running = Count("pk", filter=Q(status__in=RUNNING_ENVIRONMENTS))
    found: dict[UUID, tuple[int, int]] = defaultdict(lambda: (0, 0))
    return found | {provider: (count, some) for provider, count, some in rows.annotate(Count("pk"), running=running)}


def _shown_changes(ids: Sequence[UUID]) -> dict[UUID, list[StatusChange]]:
    """The last few changes of each, newest first."""
    found: dict[UUID, list[StatusChange]] = defaultdict(list)
    for change in _newest(StatusChange.objects.filter(provider__in=ids), SHOWN_CHANGES):
        found[change.provider_id].append(change)
    return found


def _changes_of_month(ids: Sequence[UUID], now: datetime) -> dict[UUID, list[_Change]]:
    """Changes of status in the last 30 days, newest first, at most MOST_CHANGES each. Plain rows: they may be many."""
    changes = StatusChange.objects.filter(provider__in=ids, kind=ChangeKind.STATUS, at__gte=now - MONTH)
    found: dict[UUID, list[_Change]] = defaultdict(list)
    for provider_id, at, old, new in _newest(changes, MOST_CHANGES).values_list("provider_id", "at", "old", "new"):
        found[provider_id].append(_Change(at, old, new))
    return found


def _newest(changes: QuerySet[StatusChange], count: int) -> QuerySet[StatusChange]:
    """At most `count` of each provider, newest first."""
    row = Window(RowNumber(), "provider", [F("at").desc(), F("id").desc()])
    return changes.annotate(row=row).filter(row__lte=count).order_by("row")


def _lines(newest_first: Sequence[StatusChange], now: datetime) -> list[ChangeLine]:
    lines: list[ChangeLine] = []
    ends: dict[str, datetime] = {}
    for change in newest_first:
        end = ends.get(change.kind)
        ends[change.kind] = change.at
        lasted = None if change.new == "uncordoned" else (end or now) - change.at
        lines.append(ChangeLine(change=change, lasted=lasted, ongoing=end is None))
    return lines


def _availability(
    provider: WorkspaceProvider, changes: Sequence[_Change], now: datetime, *, with_year: bool
) -> Availability:
    """From the changes of the last 30 days, newest first."""
    known_since = changes[-1].at if len(changes) == MOST_CHANGES else provider.created_at
    life = timeline.spans(changes, status=provider.status, registered_at=known_since, now=now)
    return Availability(
        day=timeline.availability(life, start=now - DAY, end=now),
        month=timeline.availability(life, start=now - MONTH, end=now),
        year=availability_of_year(provider, now) if with_year else None,
        since=now - DAY,
        strip=timeline.strip(life, start=now - DAY, end=now, count=HALF_HOURS),
    )


def _operations(ids: Sequence[UUID]) -> dict[UUID, Operation]:
    """The newest operation of each, which is the active one if there is one; with its log if that is shown."""
    newest = Operation.objects.filter(provider__in=ids).order_by("provider_id", "-requested_at").distinct("provider_id")
    operations = list(newest.select_related("provider"))
    row = Window(RowNumber(), "operation", F("id").desc())  # Django can't prefetch a slice in place
    lines = OperationLine.objects.annotate(row=row).filter(row__lte=MOST_LINES + 1)
    shown = [operation for operation in operations if is_shown_in_full(operation)]
    prefetch_related_objects(shown, Prefetch("lines", lines))
    return {operation.provider_id: operation for operation in operations if operation.provider_id}


def _with_credential(ids: Sequence[UUID]) -> set[UUID]:
    """Which of them have a stored credential; the secrets themselves are not loaded."""
    return set(ClusterCredential.objects.filter(provider__in=ids).values_list("provider_id", flat=True))


def _tokens(ids: Sequence[UUID], now: datetime) -> dict[UUID, list[EnvproxyToken]]:
    """The envproxy tokens of each that are valid or have ended within a day, newest first."""
    found: dict[UUID, list[EnvproxyToken]] = defaultdict(list)
    for token in EnvproxyToken.objects.filter(provider__in=ids).exclude(expires_at__lt=now - DAY):
        found[token.provider_id].append(token)
    return found
