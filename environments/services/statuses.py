"""The status of an environment, changed in one place."""

from django.utils import timezone

from environments.choices import EnvironmentStatus
from environments.models import Environment


def set_status(environment: Environment, status: EnvironmentStatus, message: str = "") -> bool:
    """Whether anything changed. `since` moves only with the status itself. One query."""
    rows = Environment.objects.filter(pk=environment.pk)
    if rows.exclude(status=status).update(status=status, message=message, status_since=timezone.now()):
        return True
    return bool(rows.exclude(message=message).update(message=message))
