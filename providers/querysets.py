"""How providers are listed and claimed."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from organizations.models import User
from organizations.policies import can_read_providers
from providers.choices import RUNNING_ENVIRONMENTS

CLAIM_DUE = """
    UPDATE providers_workspaceprovider SET next_check_at = %(next)s
    WHERE id IN (
        SELECT id FROM providers_workspaceprovider
        WHERE next_check_at <= %(now)s AND (failed_checks > 0) = %(doubtful)s
        ORDER BY next_check_at
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id
"""
SORTS = {
    "name": (Lower("name"),),
    "-name": (Lower("name").desc(),),
    "status": ("status", Lower("name")),
    "since": ("-status_since",),
    "created": ("-created_at",),
}


class WorkspaceProviderQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """All for site admin, site manager and auditor; else those on an allowlist of one's organizations."""
        if can_read_providers(user):
            return self
        return self.filter(allowlist__organization__memberships__user=user).distinct()

    def search(self, text: str) -> Self:
        """Every word must occur in the name, an address, the namespace or the name of an allowed organization."""
        found = self
        for word in text.split():
            found = found.filter(
                Q(name__icontains=word)
                | Q(hostname__icontains=word)
                | Q(cluster_address__icontains=word)
                | Q(namespace__icontains=word)
                | Q(id__in=self.model._default_manager.filter(organizations__name__icontains=word).values("id"))
            )
        return found

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

    def claim_due(self, *, now: datetime, interval: timedelta, limit: int, doubtful: bool) -> list[UUID]:
        """Take up to `limit` providers that are due, and schedule their next check; any number of callers at once.

        `doubtful`: those whose last check failed; else only the others.
        """
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_DUE, {"now": now, "next": now + interval, "limit": limit, "doubtful": doubtful})
            return [row[0] for row in cursor.fetchall()]


class EnvproxyTokenQuerySet(models.QuerySet):
    def alive(self) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def in_use(self) -> Self:
        """Those with which envproxy may beat."""
        return self.alive().filter(superseded_at=None)
