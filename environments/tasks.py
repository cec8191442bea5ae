"""Thin Celery entries: ids in, a service does the work. Safe to run twice, safe to lose."""

from uuid import UUID

from celery import shared_task
from django.conf import settings

from environments import services
from environments.models import EnvironmentOperationLine
from environments.services import idling, observing, working
from providers.services.sweeping import delete_old_lines


@shared_task(name="environments.run_operation")
def run_operation(operation_id: str) -> None:
    working.run_environment_operation(UUID(operation_id))


@shared_task(name="environments.resume_operations")
def resume_operations() -> None:
    """Send again what no worker holds; claiming makes a message too many harmless."""
    for operation_id in services.stranded_environment_operations():
        run_operation.delay(str(operation_id))


@shared_task(name="environments.observe_due_environments")
def observe_due_environments() -> None:
    """The sweep; a provider that no worker takes within an interval is dropped, since it is due again by then."""
    for provider_id in observing.claim_due_observations():
        observe_provider.apply_async([str(provider_id)], expires=settings.OBSERVE_INTERVAL.total_seconds())


@shared_task(name="environments.observe_provider")
def observe_provider(provider_id: str) -> None:
    observing.observe_provider(UUID(provider_id))


@shared_task(name="environments.stop_idle_environments")
def stop_idle_environments() -> None:
    idling.stop_idle_environments()


@shared_task(name="environments.delete_old_lines")
def delete_old_build_logs() -> None:
    delete_old_lines(EnvironmentOperationLine, of="environment")


@shared_task(name="environments.delete_ended_sessions")
def delete_ended_sessions() -> None:
    services.delete_ended_sessions()
