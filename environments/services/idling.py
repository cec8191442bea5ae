"""Auto-off: environments that were on for as long as their organization allows are stopped, unless somebody postpones.

Nothing tells yet whether one is used: envproxy will (`active_at` is where it goes).
"""

import logging
from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.utils import timezone

from audit.services import SYSTEM
from environments.choices import EnvironmentStatus
from environments.errors import RefusedError
from environments.models import Environment
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
    stopped = 0
    for environment in idle[:MOST_AT_ONCE]:
        hours = counted(environment.organization.auto_off_hours or 0, "hour")
        because = (
            f"Auto-off: {environment.name} was started or postponed more than {hours} ago, "
            f"the limit of {environment.organization}."
        )
        try:
            stopped += stop_environment(actor=SYSTEM, environment=environment, because=because) is not None
        except RefusedError as refusal:
            logger.info("auto-off passes over %s: %s", environment.pk, refusal)
    return stopped
