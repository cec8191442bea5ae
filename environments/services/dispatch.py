"""Handing work on environments to Celery, as `providers.services.dispatch` does for providers."""

from uuid import UUID

from providers.services import dispatch


def run_operation(operation_id: UUID) -> None:
    dispatch.send("environments.run_operation", str(operation_id))
