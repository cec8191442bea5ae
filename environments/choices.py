"""States of an environment."""

from django.db import models


class EnvironmentStatus(models.TextChoices):
    OFF = "off", "Off"
    BUILDING = "building", "Building"
    RUNNING = "running", "Running"
    FAILED = "failed", "Failed"
