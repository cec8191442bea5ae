"""Thin Celery entries: ids in, a service does the work. Safe to run twice, safe to lose."""

from uuid import UUID

from celery import shared_task

from infrastructure import services
from infrastructure.services import checking


@shared_task(name="infrastructure.check_change")
def check_change(change_id: str) -> None:
    checking.check_change(UUID(change_id))


@shared_task(name="infrastructure.advance_rollouts")
def advance_rollouts() -> None:
    """The sweep; a second one at the same time finds the rows taken."""
    for rollout_id in services.active_rollouts():
        services.advance_rollout(rollout_id)


@shared_task(name="infrastructure.check_changes")
def check_changes() -> None:
    """The sweep for plans whose message or worker was lost."""
    for change_id in services.unchecked_changes():
        check_change.delay(str(change_id))
