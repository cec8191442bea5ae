"""The timeline of a provider."""

from datetime import UTC, datetime, time, timedelta

from django.db import models
from django.utils import timezone

from providers.choices import ChangeKind
from providers.models.provider import WorkspaceProvider


class StatusChange(models.Model):
    """One change of status or of cordon: `old` → `new`, why, and who (empty: the checks themselves)."""

    provider = models.ForeignKey(WorkspaceProvider, on_delete=models.CASCADE, related_name="status_changes")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=8, choices=ChangeKind, default=ChangeKind.STATUS)
    old = models.CharField(max_length=16, blank=True)
    new = models.CharField(max_length=16)
    reason = models.CharField(max_length=32, blank=True)
    message = models.TextField(blank=True)
    actor_name = models.CharField(max_length=254, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["provider", "-at"], name="status_change_timeline"),
            models.Index(fields=["-at", "-id"], name="status_change_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


class ProviderDay(models.Model):
    """How many seconds of a UTC day each status held; it stays when the changes of status of that day leave.

    Only days on which the status changed have a row. `old` is what held when the day began, and so on all days since
    the row before, or since the registration; it is empty on the day of the registration. After the last row the
    changes that are still kept say what held, or the present status if there are none.
    """

    pk = models.CompositePrimaryKey("provider_id", "day")
    provider = models.ForeignKey(WorkspaceProvider, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    old = models.CharField(max_length=16, blank=True)
    ready = models.FloatField()
    error = models.FloatField()
    pending = models.FloatField()
    changes = models.PositiveIntegerField()

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.changes} changes"

    @property
    def start(self) -> datetime:
        return datetime.combine(self.day, time(), UTC)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=1)
