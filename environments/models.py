"""Developers' environments on a provider."""

import uuid

from django.db import models

from environments.choices import EnvironmentStatus
from organizations.models import Organization, User
from providers.models import WorkspaceProvider


class Environment(models.Model):
    """A developer's workplace. It protects its provider and its organization from deletion."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=50)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="environments")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="environments")
    provider = models.ForeignKey(WorkspaceProvider, on_delete=models.PROTECT, related_name="environments")
    status = models.CharField(max_length=8, choices=EnvironmentStatus, default=EnvironmentStatus.OFF)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["owner__email", "name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="environment_name_unique")]
        indexes = [models.Index(fields=["provider", "status"], name="environment_of_provider")]

    def __str__(self) -> str:
        return f"{self.owner.email}/{self.name}"
