"""The timeline of a provider."""

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
