"""The environment itself."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from environments.choices import EnvironmentStatus
from environments.names import validate_image, validate_name, validate_tag
from environments.querysets import EnvironmentQuerySet
from organizations.models import Organization, User
from providers.models import WorkspaceProvider


class Environment(models.Model):
    """A developer's workplace on a provider.

    It protects its provider and its organization from deletion. A foreign key of two columns, which Django can't
    declare (migration 0003), holds it to an allowlist entry of its organization on its provider.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=50, validators=[validate_name])
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="environments")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="environments")
    provider = models.ForeignKey(WorkspaceProvider, on_delete=models.PROTECT, related_name="environments")
    image = models.CharField(max_length=255, validators=[validate_image])
    tag = models.CharField(max_length=128, default="latest", validators=[validate_tag])
    cpu_cores = models.DecimalField(
        "CPU cores",
        max_digits=5,
        decimal_places=2,
        default=Decimal(2),
        validators=[MinValueValidator(Decimal("0.1")), MaxValueValidator(128)],
    )
    memory_gb = models.DecimalField(
        "memory (GB)",
        max_digits=5,
        decimal_places=2,
        default=Decimal(4),
        validators=[MinValueValidator(Decimal("0.25")), MaxValueValidator(256)],
    )
    disk_gb = models.PositiveIntegerField(
        "disk (GB)", default=10, validators=[MinValueValidator(1), MaxValueValidator(8192)]
    )
    gpus = models.PositiveSmallIntegerField("GPUs", default=0, validators=[MaxValueValidator(20)])

    status = models.CharField(max_length=8, choices=EnvironmentStatus, default=EnvironmentStatus.CREATING)
    message = models.TextField(blank=True)
    status_since = models.DateTimeField(default=timezone.now)
    active_at = models.DateTimeField(default=timezone.now)
    next_observation_at = models.DateTimeField(default=timezone.now)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        ordering = ["owner__email", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="environment_name_unique",
                violation_error_code="name_taken",
                violation_error_message="This person has an environment of this name already.",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=EnvironmentStatus.values), name="environment_status_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "status"], name="environment_of_provider"),
            models.Index(fields=["organization", "owner"], name="environment_of_member"),
            models.Index(fields=["next_observation_at"], name="environment_due"),
            models.Index(fields=["name", "id"], name="environment_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.owner.email}/{self.name}"

    @property
    def auto_off_at(self) -> datetime | None:
        """When it is stopped unless somebody uses it; None when never. The organization must be loaded."""
        hours = self.organization.auto_off_hours
        if hours is None or self.status not in (EnvironmentStatus.ON, EnvironmentStatus.FAILED):
            return None
        return self.active_at + timedelta(hours=hours)
