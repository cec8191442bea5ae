"""Auto-off: environments that nobody used for as long as their organization allows are stopped.

A use is what envproxy reports (`active_at`), a start, or somebody who says so. What goes in by another way is not seen.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.utils import timezone

from audit.services import SYSTEM
from environments.choices import EnvironmentStatus
from environments.errors import RefusedError
from environments.models import Environment
from environments.querysets import EnvironmentQuerySet
from environments.services.observing import GONE
from environments.services.operations import stop_environment
from providers.words import counted

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 200  # stops asked for by one sweep; the next one, a minute later, goes on


def stop_idle_environments() -> int:
    """How many are being stopped now. One query, and a few for each that is stopped."""
    threshold = ExpressionWrapper(F("organization__auto_off_hours") * Value(timedelta(hours=1)), DurationField())
    idle = (
        Environment.objects.with_places()
        .filter(status__in=(EnvironmentStatus.ON, EnvironmentStatus.FAILED), organization__auto_off_hours__isnull=False)
        .filter(active_at__lt=timezone.now() - threshold)
        .exclude(message=GONE)  # there is nothing to stop
    )
    return sum(_stop(idle, environment) for environment in idle[:MOST_AT_ONCE])


def _stop(idle: EnvironmentQuerySet, environment: Environment) -> bool:
    """Unless somebody came back to it in the meantime."""
    hours = counted(environment.organization.auto_off_hours or 0, "hour")
    used = "used, started or postponed" if environment.provider.last_beat_at else "started or postponed"
    because = f"Auto-off: {environment.name} was {used} more than {hours} ago, the limit of {environment.organization}."
    try:
        with transaction.atomic():
            if idle.filter(pk=environment.pk).select_for_update(of=("self",)).first() is None:
                return False
            return stop_environment(actor=SYSTEM, environment=environment, because=because) is not None
    except RefusedError as refusal:
        logger.info("auto-off passes over %s: %s", environment.pk, refusal)
        return False
