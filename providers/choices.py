"""States of providers and of operations, with what the pages need to know about each."""

from django.db import models


class ProviderStatus(models.TextChoices):
    """pending → ready ⇄ error; a provider that was never ready goes pending → error only once it was deployed."""

    PENDING = "pending", "Pending"
    READY = "ready", "Ready"
    ERROR = "error", "Error"


class CredentialKind(models.TextChoices):
    """Where the cluster credential comes from (DESIGN 3)."""

    KUBECONFIG = "kubeconfig", "Pasted kubeconfig"
    FIELDS = "fields", "Address, CA and token"
    ENROLMENT = "enrolment", "Enrolment: I run Helm myself"
    IN_CLUSTER = "in-cluster", "The deployment's own service account"


class OperationKind(models.TextChoices):
    PREFLIGHT = "preflight", "Pre-flight"
    DEPLOY = "deploy", "Deploy"
    DELETE = "delete", "Delete"


class OperationState(models.TextChoices):
    """queued → running → succeeded | failed | cancelled; a queued one may be cancelled at once."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


ACTIVE_STATES = (OperationState.QUEUED, OperationState.RUNNING)


class LineLevel(models.TextChoices):
    """How a line of an operation's log reads: plain text, or a finding with its mark."""

    INFO = "info", "Note"
    OK = "ok", "Passed"
    WARNING = "warning", "Warning"
    ERROR = "error", "Failed"


class AccessURLState(models.TextChoices):
    """`accepted`: still answered, or answered already, beside the current one, while a change is under way."""

    CURRENT = "current", "In use"
    ACCEPTED = "accepted", "Accepted"
    RETIRED = "retired", "Retired"


class ChangeKind(models.TextChoices):
    STATUS = "status"
    CORDON = "cordon"


RUNNING_ENVIRONMENTS = ("creating", "on", "failed")
"""Statuses of environments (environments.choices) that count as running: something takes room, or is meant to."""


class Access(models.TextChoices):
    """What an organization may do on a provider: nothing, everything, or only go on with what it has there."""

    NONE = "none", "Not allowed"
    OPEN = "open", "Allowed"
    CLOSING = "closing", "Closing"
