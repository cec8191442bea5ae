"""How providers are listed and claimed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from organizations.models import User
from organizations.policies import May, allows
from providers import search
from providers.choices import RUNNING_ENVIRONMENTS

# Who is in time keeps his turn. Those who are late are dealt out over the second half of
# the next interval: not all at once, and not again at once.
CLAIM_DUE = """
    UPDATE providers_workspaceprovider
    SET check_claimed_at = CASE WHEN next_check_at > %(now)s - %(looks)s THEN %(now)s END,
        next_check_at = greatest(next_check_at, %(now)s - random() / 2 * %(interval)s) + %(interval)s
    WHERE id IN (
        SELECT id FROM providers_workspaceprovider
        WHERE next_check_at <= %(now)s AND (failed_checks >= %(failures)s) = %(down)s
        ORDER BY next_check_at
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id
"""
# Not checked when the lease had ended. A few sweeps look at each claim that came in time, by the index of turns; a late
# one has no lease, since its turn is anywhere, and its worker slow rather than lost.
RETURN_LOST = """
    UPDATE providers_workspaceprovider SET next_check_at = %(now)s
    WHERE id = ANY (ARRAY(
        SELECT id FROM providers_workspaceprovider
        WHERE next_check_at BETWEEN greatest(%(now)s, %(last_turn)s - %(looks)s) AND %(last_turn)s
        AND check_claimed_at <= %(now)s - %(lease)s AND last_check_at < check_claimed_at
        FOR UPDATE SKIP LOCKED
    ))
"""
# Dealt out over an interval, as those who are late.
BRING_FORWARD = """
    UPDATE providers_workspaceprovider SET next_check_at = %(now)s + random() * %(interval)s
    WHERE id = ANY (ARRAY(
        SELECT id FROM providers_workspaceprovider WHERE next_check_at > %(now)s + 2 * %(interval)s
        FOR UPDATE SKIP LOCKED
    ))
"""
# Waits for nobody: a row that somebody holds, or has changed since it was loaded, is left out.
NOTE_CHECKS = """
    WITH found AS (
        SELECT * FROM unnest(
            %(id)s::uuid[], %(version)s::text[], %(at)s::timestamptz[], %(duration_ms)s::integer[],
            %(failed_checks)s::integer[], %(next_at)s::timestamptz[], %(verbs_at)s::timestamptz[]
        ) AS found (id, version, at, duration_ms, failed_checks, next_at, verbs_at)
    ), held AS (
        SELECT provider.id FROM providers_workspaceprovider AS provider JOIN found ON found.id = provider.id
        WHERE provider.xmin::text = found.version
        ORDER BY provider.id
        FOR UPDATE OF provider SKIP LOCKED
    )
    UPDATE providers_workspaceprovider AS provider
    SET last_check_at = found.at, last_check_ms = found.duration_ms,
        failed_checks = found.failed_checks, next_check_at = found.next_at, verbs_checked_at = found.verbs_at
    FROM found JOIN held ON held.id = found.id
    WHERE provider.id = found.id
    RETURNING provider.id
"""
LOOKS_FOR_LOST = timedelta(seconds=5)  # as many sweeps look at a claim, of a worker that was not later than that
DOWN = 2  # failed checks in a row: as many as make an Error of a Ready provider (providers.evaluate)
SORTS = {
    "name": (Lower("name"),),
    "-name": (Lower("name").desc(),),
    "status": ("status", Lower("name")),
    "since": ("-status_since",),
    "created": ("-created_at",),
}


def document_fields(model: type[models.Model]) -> list[str]:
    """The names of the fields that are stored as JSON: reading them takes longer than the rest of a row."""
    return [field.name for field in model._meta.fields if isinstance(field, models.JSONField)]


class Check(NamedTuple):
    """A check that found nothing new. `version`: of the row that it was made for; `next_at`: when the next is due;
    `verbs_at`: when the verbs were asked for last.
    """

    id: UUID
    version: str
    at: datetime | None
    duration_ms: int | None
    failed_checks: int
    next_at: datetime | None
    verbs_at: datetime | None


class WorkspaceProviderQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """All for site admin, site manager and auditor; else those on an allowlist of one's organizations."""
        if allows(user, May.SEE_PROVIDERS):
            return self
        return self.filter(allowlist__organization__memberships__user=user).distinct()

    def search(self, text: str) -> Self:
        """Every word must occur in the name, an address, the namespace or the name of an allowed organization.

        One query, now, unless there is no word.
        """
        words = dict.fromkeys(text.split())
        return self.filter(*search.conditions(words)) if words else self

    def search_as_user(self, text: str) -> Self:
        """For those who only use providers: in what they see, so that no search finds out what is behind it."""
        found = self
        for word in text.split():
            found = found.filter(Q(name__icontains=word) | Q(hostname__icontains=word))
        return found

    def sorted_by(self, key: str) -> Self:
        """By one of SORTS; an unknown key sorts by name."""
        return self.order_by(*SORTS.get(key, SORTS["name"]), "id")

    def with_environment_counts(self) -> Self:
        """Adds `environment_count` and `running_count`, by subquery."""
        environments = apps.get_model("environments", "Environment").objects.filter(provider=OuterRef("pk"))

        def count(rows: models.QuerySet) -> Coalesce:
            totals = rows.order_by().values("provider").annotate(total=Count("pk")).values("total")
            return Coalesce(Subquery(totals), 0)

        return self.annotate(
            environment_count=count(environments),
            running_count=count(environments.filter(status__in=RUNNING_ENVIRONMENTS)),
        )

    def claim_due(self, *, now: datetime, interval: timedelta, limit: int, down: bool) -> list[UUID]:
        """Take up to `limit` providers that are due, and schedule their next check; any number of callers at once.

        `down`: those of which DOWN checks in a row failed, or more; else only the others.
        """
        values: dict[str, Any] = {"now": now, "interval": interval, "limit": limit, "looks": LOOKS_FOR_LOST}
        values |= {"down": down, "failures": DOWN}
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_DUE, values)
            return [row[0] for row in cursor.fetchall()]

    def with_version(self) -> Self:
        """Adds `version`, which is another one after every change of the row."""
        return self.annotate(version=RawSQL("providers_workspaceprovider.xmin::text", []))

    def return_lost(self, *, now: datetime, interval: timedelta, lease: timedelta) -> int:
        """Make due again what was claimed a `lease` ago by a worker that did not store a check; says how many.

        A first check waits for its turn: of a provider without a credential none is ever stored.
        """
        if lease >= interval:
            return 0
        values: dict[str, Any] = {
            "now": now,
            "lease": lease,
            "last_turn": now - lease + interval,
            "looks": LOOKS_FOR_LOST,
        }
        with connection.cursor() as cursor:
            cursor.execute(RETURN_LOST, values)
            return cursor.rowcount

    def bring_forward(self, *, now: datetime, interval: timedelta) -> int:
        """Turns that are further off than two intervals get one within the next; says how many. One statement."""
        values: dict[str, Any] = {"now": now, "interval": interval}
        with connection.cursor() as cursor:
            cursor.execute(BRING_FORWARD, values)
            return cursor.rowcount

    def note_checks(self, checks: Iterable[Check]) -> set[UUID]:
        """Stores them, each if its row still is of that version; says whose. One statement that waits for no lock."""
        columns = list(zip(*checks, strict=True))
        if not columns:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(NOTE_CHECKS, dict(zip(Check._fields, map(list, columns), strict=True)))
            return {row[0] for row in cursor.fetchall()}


class EnvproxyTokenQuerySet(models.QuerySet):
    def alive(self) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def in_use(self) -> Self:
        """Those with which envproxy may beat."""
        return self.alive().filter(superseded_at=None)
