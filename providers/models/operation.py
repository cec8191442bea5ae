"""Background work: what every piece of it stores, and the work on a provider."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from providers.choices import ACTIVE_STATES, LineLevel, OperationKind, OperationState
from providers.models.provider import WorkspaceProvider


class AbstractOperation(models.Model):
    """One piece of background work; the row, not the message, is the truth (DESIGN 3).

    A worker holds the row by `lease_id` until `lease_expires_at` and renews it while it works. Whoever finds
    a running row with an expired lease may claim it. Subclasses add `kind`, what it is about, and at most one
    active row for it; the log is the related `lines`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=16, choices=OperationState, default=OperationState.QUEUED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_by_name = models.CharField(max_length=254)
    requested_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    dispatched_at = models.DateTimeField(default=timezone.now)
    lease_id = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    error_code = models.CharField(max_length=32, blank=True)
    error_text = models.TextField(blank=True)
    parameters = models.JSONField(default=dict, blank=True)

    lines: Any  # the related manager of the subclass's AbstractOperationLine

    class Meta:
        abstract = True
        ordering = ["-requested_at"]

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES

    @property
    def elapsed_seconds(self) -> int:
        """Whole seconds from the first start (or the request) to the end, or to now."""
        end = self.finished_at or timezone.now()
        return max(0, int((end - (self.started_at or self.requested_at)).total_seconds()))


class AbstractOperationLine(models.Model):
    """One line of an operation's log. Subclasses add `operation`, with the related name `lines`."""

    at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=8, choices=LineLevel, default=LineLevel.INFO)
    text = models.TextField()
    remedy = models.TextField(blank=True)

    class Meta:
        abstract = True
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class Operation(AbstractOperation):
    """Background work on a provider; at most one active row per provider."""

    provider = models.ForeignKey(WorkspaceProvider, null=True, on_delete=models.SET_NULL, related_name="operations")
    provider_name = models.CharField(max_length=63)
    kind = models.CharField(max_length=16, choices=OperationKind)

    class Meta(AbstractOperation.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["provider"], condition=models.Q(state__in=ACTIVE_STATES), name="operation_one_active"
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "-requested_at"], name="operation_of_provider"),
            models.Index(
                fields=["state", "lease_expires_at"],
                condition=models.Q(state__in=ACTIVE_STATES),
                name="operation_active",
            ),
            models.Index(fields=["-requested_at", "-id"], name="operation_newest"),
            models.Index(
                fields=["-finished_at"], condition=models.Q(state=OperationState.FAILED), name="operation_failed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.provider_name}"


class OperationLine(AbstractOperationLine):
    """A line of a provider's operation; a finding of the pre-flight carries a level and a remedy."""

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="lines")
