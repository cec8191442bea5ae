"""Background work on environments: builds, starts, stops."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from audit.services import actor_of
from coderadmin.api.callers import ANYBODY
from environments import services
from environments.api.schemas import EnvironmentOperationOut, operation_out
from environments.api.scope import usable_operation
from providers.api.operations import LogQuery, log_out
from providers.api.schemas import LogOut

router = Router(auth=ANYBODY, tags=["Environments"])


@router.get("/{uuid:operation_id}", response=EnvironmentOperationOut)
def get_environment_operation(request: HttpRequest, operation_id: UUID) -> dict[str, Any]:
    """It goes with its environment: after a deletion there is nothing here."""
    return operation_out(usable_operation(request, operation_id))


@router.get("/{uuid:operation_id}/log", response=LogOut)
def get_environment_log(request: HttpRequest, operation_id: UUID, asked: Query[LogQuery]) -> dict[str, Any]:
    """The lines after those that you have, at most a thousand. Ask again while `is_active`."""
    return log_out(usable_operation(request, operation_id), after=asked.after)


@router.post("/{uuid:operation_id}/cancel", response={202: EnvironmentOperationOut})
def cancel_environment_operation(request: HttpRequest, operation_id: UUID) -> dict[str, Any]:
    services.cancel_environment_operation(actor=actor_of(request), operation=usable_operation(request, operation_id))
    return operation_out(usable_operation(request, operation_id))
