"""States of an environment and of the work on it, with what the pages need to know about each."""

from django.db import models

from providers.choices import RUNNING_ENVIRONMENTS


class EnvironmentStatus(models.TextChoices):
    """creating → on ⇄ off; failed when its pods can't run; unknown when its cluster could not say."""

    CREATING = "creating", "Creating"
    ON = "on", "On"
    OFF = "off", "Off"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"


RUNNING_STATUSES = tuple(EnvironmentStatus(status) for status in RUNNING_ENVIRONMENTS)


class EnvironmentOperationKind(models.TextChoices):
    CREATE = "create", "Create"
    START = "start", "Start"
    STOP = "stop", "Stop"
    REBUILD = "rebuild", "Rebuild"
    DELETE = "delete", "Delete"
