"""A change of the access URL as a tracked migration, and rollouts: redeploying many providers, a few at a time."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from infrastructure.choices import (
    ACTIVE_CHANGES,
    ACTIVE_ROLLOUTS,
    ChangeState,
    RolloutKind,
    RolloutState,
    StepState,
)
from providers.models import Operation, WorkspaceProvider


class Requested(models.Model):
    """Who asked for it, and when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_by_name = models.CharField(max_length=254)
    requested_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-requested_at"]


class AccessURLChange(Requested):
    """The move from one access URL to another (DESIGN 3). At most one is active.

    `findings` are those of the last check, which ended at `checked_at`: each a `Finding` as a dictionary.
    """

    old_url = models.CharField(max_length=300)
    new_url = models.CharField(max_length=300)
    state = models.CharField(max_length=16, choices=ChangeState, default=ChangeState.PLANNED)
    findings = models.JSONField(default=list, blank=True)
    check_requested_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    switched_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta(Requested.Meta):
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(state__in=ACTIVE_CHANGES), name="access_url_change_one_active"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ChangeState.values), name="access_url_change_state_is_known"
            ),
            models.CheckConstraint(condition=~models.Q(old_url=models.F("new_url")), name="access_url_change_changes"),
        ]

    def __str__(self) -> str:
        return f"{self.old_url} → {self.new_url}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_CHANGES


class Rollout(Requested):
    """Redeploying providers, a few at a time, the canary first. At most one is active.

    It carries `access_url` to them; an upgrade leaves that empty. It pauses at `failure_limit` failed steps;
    `paused_by_name` is empty then, and it goes on by itself once they are no longer failed.
    """

    kind = models.CharField(max_length=16, choices=RolloutKind)
    change = models.ForeignKey(
        AccessURLChange, null=True, blank=True, on_delete=models.CASCADE, related_name="rollouts"
    )
    access_url = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=8, choices=RolloutState, default=RolloutState.RUNNING)
    pause_reason = models.TextField(blank=True)
    paused_by_name = models.CharField(max_length=254, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    failure_limit = models.PositiveSmallIntegerField(default=1)

    class Meta(Requested.Meta):
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(state__in=ACTIVE_ROLLOUTS), name="rollout_one_active"
            ),
            models.CheckConstraint(condition=models.Q(failure_limit__gte=1), name="rollout_failure_limit_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.requested_at:%Y-%m-%d %H:%M}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_ROLLOUTS


class RolloutStep(models.Model):
    """One provider of a rollout. `by_hand`: an admin runs his own Helm, we wait for the beat.

    `deployed_at`, `beat_at` and `checked_at` are the three things that confirm it, each empty until it was seen.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="steps")
    provider = models.ForeignKey(WorkspaceProvider, null=True, on_delete=models.SET_NULL, related_name="+")
    provider_name = models.CharField(max_length=63)
    position = models.PositiveIntegerField()
    is_canary = models.BooleanField(default=False)
    by_hand = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=StepState, default=StepState.WAITING)
    operation = models.ForeignKey(Operation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    deployed_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)
    skip_reason = models.CharField(max_length=255, blank=True)
    skipped_by_name = models.CharField(max_length=254, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rollout", "provider"], name="rollout_step_unique"),
            models.CheckConstraint(condition=models.Q(state__in=StepState.values), name="rollout_step_state_is_known"),
            models.CheckConstraint(
                condition=~models.Q(state=StepState.SKIPPED) | ~models.Q(skip_reason=""),
                name="rollout_step_skip_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_name}: {self.get_state_display()}"
