"""Background work on an environment: its builds, and the rest of its life."""

from django.db import models

from environments.choices import EnvironmentOperationKind
from environments.models.environment import Environment
from providers.choices import ACTIVE_STATES, OperationState
from providers.models import AbstractOperation, AbstractOperationLine


class EnvironmentOperation(AbstractOperation):
    """At most one active row per environment. It goes with its environment; the audit trail keeps what happened."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="operations")
    kind = models.CharField(max_length=16, choices=EnvironmentOperationKind)

    class Meta(AbstractOperation.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["environment"],
                condition=models.Q(state__in=ACTIVE_STATES),
                name="environment_operation_one_active",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "-requested_at"], name="operation_of_environment"),
            models.Index(
                fields=["state", "lease_expires_at"],
                condition=models.Q(state__in=ACTIVE_STATES),
                name="environment_operation_active",
            ),
            models.Index(fields=["-requested_at", "-id"], name="environment_operation_newest"),
            models.Index(
                fields=["-finished_at"],
                condition=models.Q(state=OperationState.FAILED),
                name="environment_operation_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.environment}"


class EnvironmentOperationLine(AbstractOperationLine):
    """A line of the build log."""

    operation = models.ForeignKey(EnvironmentOperation, on_delete=models.CASCADE, related_name="lines")
