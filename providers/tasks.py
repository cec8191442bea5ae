"""Thin Celery entries: ids in, a service does the work. Safe to run twice, safe to lose."""

from uuid import UUID

from celery import shared_task
from django.conf import settings

from providers import services
from providers.services import checking, running

LONGEST_WAIT = 1 / 3  # of an interval; those that were late are claimed again after half of one


@shared_task(name="providers.check_due_providers")
def check_due_providers() -> None:
    """The sweep: hand out what is due in batches, so that a slow cluster delays nobody.

    A batch that no worker takes in time is dropped: its providers are due again. Were it kept until they are claimed
    again, each check would meet the next claim of its row, which makes it cost twice as much: workers that had fallen
    behind once would stay behind.
    """
    longest_wait = settings.CHECK_INTERVAL.total_seconds() * LONGEST_WAIT
    for batch in checking.claim_due_providers():
        check_providers.apply_async([[str(provider_id) for provider_id in batch]], expires=longest_wait)


@shared_task(name="providers.check_providers")
def check_providers(ids: list[str]) -> None:
    checking.check_promptly([UUID(provider_id) for provider_id in ids])


@shared_task(name="providers.run_operation")
def run_operation(operation_id: str) -> None:
    running.run_operation(UUID(operation_id))


@shared_task(name="providers.resume_operations")
def resume_operations() -> None:
    """Send again what no worker holds; claiming makes a message too many harmless."""
    for operation_id in services.stranded_operations():
        run_operation.delay(str(operation_id))


@shared_task(name="providers.delete_old_rows")
def delete_old_rows() -> None:
    services.delete_old_rows()


@shared_task(name="providers.roll_up_history")
def roll_up_history() -> None:
    services.roll_up_history()
