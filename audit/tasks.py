"""Background work on the audit log."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from audit.chain import BATCH, seal_events
from audit.retention import remove_events


@shared_task(name="audit.seal_events")
def seal_events_task() -> None:
    while seal_events() == BATCH:
        pass


@shared_task(name="audit.remove_old_events")
def remove_old_events() -> None:
    if days := settings.AUDIT_RETENTION_DAYS:
        remove_events(before=timezone.now() - timedelta(days=days))
