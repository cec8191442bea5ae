"""What the cards show beyond the provider's own row, loaded for all cards of a page at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F, Prefetch, Window, prefetch_related_objects
from django.db.models.functions import RowNumber
from django.utils import timezone

from providers import timeline
from providers.choices import RUNNING_ENVIRONMENTS, ChangeKind, CredentialKind, ProviderStatus
from providers.models import EnvproxyToken, Operation, OperationLine, WorkspaceProvider
from providers.operation_log import MOST_LINES, NEWEST
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
# In SQL: Django takes longer to build them than PostgreSQL to answer.
FACTS = """
    SELECT provider.id,
        ARRAY(
            SELECT name FROM providers_allowlistentry AS entry
            JOIN organizations_organization AS organization ON organization.id = entry.organization_id
            WHERE entry.provider_id = provider.id
            ORDER BY lower(name)
            LIMIT %(organizations)s
        ),
        (SELECT count(*) FROM providers_allowlistentry WHERE provider_id = provider.id),
        environments.all, environments.running,
        EXISTS (SELECT FROM providers_clustercredential WHERE provider_id = provider.id)
    FROM unnest(%(ids)s::uuid[]) AS provider (id), LATERAL (
        SELECT count(*) AS all, count(*) FILTER (WHERE status = ANY(%(running)s)) AS running
        FROM environments_environment WHERE provider_id = provider.id
    ) AS environments
"""
CHANGES = """
    SELECT provider_id, at, kind, old, new, reason, message, actor_name FROM (
        SELECT *, row_number() OVER (PARTITION BY provider_id ORDER BY at DESC, id DESC) AS number
        FROM providers_statuschange WHERE provider_id = ANY(%(ids)s)
    ) AS change
    WHERE number <= %(most)s AND (number <= %(shown)s OR at >= %(since)s)
    ORDER BY number
"""
NEWEST_OPERATIONS = """
    SELECT DISTINCT ON (provider_id) * FROM providers_operation WHERE provider_id = ANY(%(ids)s)
    ORDER BY provider_id, requested_at DESC
"""
TOKENS = """
    SELECT * FROM providers_envproxytoken
    WHERE provider_id = ANY(%(ids)s) AND (expires_at IS NULL OR expires_at >= %(since)s)
    ORDER BY id DESC
"""


class Change(NamedTuple):
    """A StatusChange as a plain row: they may be many."""

    at: datetime
    kind: str
    old: str
    new: str
    reason: str
    message: str
    actor_name: str


class _Facts(NamedTuple):
    organizations: list[str]
    organization_count: int
    environment_count: int
    running_count: int
    has_credential: bool


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    """A change with how long its outcome lasted (None: nothing worth a word) and whether it still does."""

    change: Change
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
    """The details of each provider, in five queries however many there are; none for none.

    `with_year`: two queries more for each, to be asked of one only.
    """
    if not providers:
        return {}
    ids, now = [provider.pk for provider in providers], timezone.now()
    facts, changes = _facts(ids), _changes(ids, now)
    operations, tokens = _operations(providers), _tokens(ids, now)
    return {
        provider.pk: ProviderDetails(
            organizations=facts[provider.pk].organizations,
            organization_count=facts[provider.pk].organization_count,
            environment_count=facts[provider.pk].environment_count,
            running_count=facts[provider.pk].running_count,
            changes=_lines(changes[provider.pk][:SHOWN_CHANGES], now),
            availability=_availability(provider, changes[provider.pk], now, with_year=with_year),
            operation=operations.get(provider.pk),
            has_credential=facts[provider.pk].has_credential or provider.credential_kind == CredentialKind.IN_CLUSTER,
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


def _facts(ids: Sequence[UUID]) -> dict[UUID, _Facts]:
    """The first few organizations, what is counted, and whether a credential is stored; secrets are not loaded."""
    values: dict[str, Any] = {
        "ids": list(ids),
        "running": list(RUNNING_ENVIRONMENTS),
        "organizations": SHOWN_ORGANIZATIONS,
    }
    with connection.cursor() as cursor:
        cursor.execute(FACTS, values)
        return {pk: _Facts(*facts) for pk, *facts in cursor.fetchall()}


def _changes(ids: Sequence[UUID], now: datetime) -> dict[UUID, list[Change]]:
    """The last few changes of each and those of the last 30 days, newest first, at most MOST_CHANGES."""
    values: dict[str, Any] = {"ids": list(ids), "since": now - MONTH, "shown": SHOWN_CHANGES, "most": MOST_CHANGES}
    found: dict[UUID, list[Change]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(CHANGES, values)
        for provider_id, *change in cursor.fetchall():
            found[provider_id].append(Change(*change))
    return found


def _lines(newest_first: Sequence[Change], now: datetime) -> list[ChangeLine]:
    lines: list[ChangeLine] = []
    ends: dict[str, datetime] = {}
    for change in newest_first:
        end = ends.get(change.kind)
        ends[change.kind] = change.at
        lasted = None if change.new == "uncordoned" else (end or now) - change.at
        lines.append(ChangeLine(change=change, lasted=lasted, ongoing=end is None))
    return lines


def _availability(
    provider: WorkspaceProvider, changes: Sequence[Change], now: datetime, *, with_year: bool
) -> Availability:
    """From the changes of the last 30 days and maybe more, newest first."""
    known_since = changes[-1].at if len(changes) == MOST_CHANGES else provider.created_at
    of_status = [change for change in changes if change.kind == ChangeKind.STATUS]
    life = timeline.spans(of_status, status=provider.status, registered_at=known_since, now=now)
    return Availability(
        day=timeline.availability(life, start=now - DAY, end=now),
        month=timeline.availability(life, start=now - MONTH, end=now),
        year=availability_of_year(provider, now) if with_year else None,
        since=now - DAY,
        strip=timeline.strip(life, start=now - DAY, end=now, count=HALF_HOURS),
    )


def _operations(providers: Sequence[WorkspaceProvider]) -> dict[UUID, Operation]:
    """The newest operation of each, which is the active one if there is one; with its log if that is shown."""
    ids = [provider.pk for provider in providers]
    newest = Operation.objects.raw(NEWEST_OPERATIONS, {"ids": ids})
    found = {operation.provider_id: operation for operation in newest if operation.provider_id}
    for provider in providers:
        if provider.pk in found:
            found[provider.pk].provider = provider
    if shown := [operation for operation in found.values() if is_shown_in_full(operation)]:
        row = Window(RowNumber(), "operation", F("id").desc())  # Django can't prefetch a slice in place
        lines = OperationLine.objects.annotate(row=row).filter(row__lte=MOST_LINES + 1)
        prefetch_related_objects(shown, Prefetch("lines", lines, to_attr=NEWEST))
    return found


def _tokens(ids: Sequence[UUID], now: datetime) -> dict[UUID, list[EnvproxyToken]]:
    """The envproxy tokens of each that are valid or have ended within a day, newest first."""
    found: dict[UUID, list[EnvproxyToken]] = defaultdict(list)
    for token in EnvproxyToken.objects.raw(TOKENS, {"ids": list(ids), "since": now - DAY}):
        found[token.provider_id].append(token)
    return found
