"""Thin Celery entries: ids in, a service does the work. Safe to run twice, safe to lose."""

from uuid import UUID

from celery import shared_task

from providers import services
from providers.services import checking, running


@shared_task(name="providers.check_due_providers")
def check_due_providers() -> None:
    """The sweep: a message for each batch that is due, so that a slow cluster delays nobody."""
    for down in checking.due_batches():
        check_due_batch.apply_async([down], expires=checking.MESSAGE_SECONDS)


@shared_task(name="providers.check_due_batch")
def check_due_batch(down: bool) -> None:
    """Claims its batch only now: what waits for a worker is not claimed, and the longest due come first."""
    checking.check_promptly(checking.claim_batch(down=down))


@shared_task(name="providers.bring_turns_forward")
def bring_turns_forward() -> None:
    checking.bring_turns_forward()


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
