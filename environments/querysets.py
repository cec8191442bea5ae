"""How environments are listed, counted and claimed."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Lower

from environments.choices import RUNNING_STATUSES
from organizations.choices import OrganizationRole
from organizations.models import User
from organizations.policies import is_site_manager

SIZES = ("cpu_cores", "memory_gb", "disk_gb", "gpus")
CLAIM_DUE = """
    UPDATE environments_environment SET next_observation_at = %(next)s
    WHERE id IN (
        SELECT id FROM environments_environment
        WHERE next_observation_at <= %(now)s
        ORDER BY next_observation_at
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING provider_id
"""


class UnlockedUpdates(models.QuerySet):
    def update_unlocked(self, ids: Collection[Any], **changes: Any) -> int:
        """`update` those of the rows that nobody holds, without waiting. One query, in a transaction."""
        with transaction.atomic():
            free = self.model._default_manager.select_for_update(skip_locked=True, no_key=True).filter(pk__in=ids)
            return self.filter(pk__in=free.order_by().values("pk")).update(**changes)


class EnvironmentQuerySet(UnlockedUpdates):
    def visible_to(self, user: User) -> Self:
        """All for site managers, those of one's organizations for their managers, else one's own (reference G4.2)."""
        if is_site_manager(user):
            return self
        managed = user.memberships.filter(role=OrganizationRole.MANAGER).values("organization")
        return self.filter(Q(owner=user) | Q(organization__in=managed))

    def running(self) -> Self:
        return self.filter(status__in=RUNNING_STATUSES)

    def search(self, text: str) -> Self:
        """Every word must occur in the name, the owner's e-mail or name, or the image."""
        found = self
        for word in text.split():
            found = found.filter(
                Q(name__icontains=word)
                | Q(owner__email__icontains=word)
                | Q(owner__name__icontains=word)
                | Q(image__icontains=word)
            )
        return found

    def with_places(self) -> Self:
        """With owner, organization and provider loaded, in the same query."""
        return self.select_related("owner", "organization", "provider")

    def by_owner(self) -> Self:
        return self.order_by(Lower("owner__email"), "name", "id")

    def totals(self) -> dict[str, int]:
        """`running` and `stopped`, in one query."""
        counted: dict[str, int] = self.aggregate(
            running=Count("pk", filter=Q(status__in=RUNNING_STATUSES)),
            stopped=Count("pk", filter=~Q(status__in=RUNNING_STATUSES)),
        )
        return counted

    def sizes(self) -> dict[str, Any]:
        """The sum of each of SIZES, in one query; all count, whether on or off."""
        sums = self.aggregate(**{f"total_{name}": Sum(name) for name in SIZES})
        return {name: sums[f"total_{name}"] or 0 for name in SIZES}

    def claim_due(self, *, now: datetime, interval: timedelta, limit: int) -> set[UUID]:
        """Schedule the next observation of up to `limit` environments that are due; the providers that they are on."""
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_DUE, {"now": now, "next": now + interval, "limit": limit})
            return {row[0] for row in cursor.fetchall()}


class EnvironmentSessionQuerySet(UnlockedUpdates):
    def with_parties(self) -> Self:
        """With person and environment loaded, in the same query."""
        return self.select_related("user", "environment")


class ImageQuerySet(models.QuerySet):
    def with_default_tag(self) -> Self:
        """As `tag`. Each has one."""
        return self.filter(tags__is_default=True).annotate(tag=F("tags__tag"))

    def visible_to(self, user: User) -> Self:
        """All for site managers, else those of one's organizations and of one's environments."""
        if is_site_manager(user):
            return self
        mine = Q(organization__memberships__user=user) | Q(organization__environments__owner=user)
        return self.filter(pk__in=self.model._default_manager.filter(mine).values("pk"))
