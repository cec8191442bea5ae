"""Background work on providers, and the timeline of a provider."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from audit.services import actor_of
from coderadmin.api.callers import ABOUT_PROVIDERS, person_of
from coderadmin.api.paging import Page, PageQuery, answer_page, page_of
from providers import services
from providers.api.schemas import AvailabilityOut, ChangeOut, LogOut, OperationOut, operation_out
from providers.api.scope import read_operation, read_provider
from providers.choices import OperationKind, OperationState
from providers.details import load_details
from providers.log_text import lines_after
from providers.models import AbstractOperation, Operation, StatusChange
from providers.policies import require_manage, require_view

MOST_LINES = 1000
router = Router(auth=ABOUT_PROVIDERS, tags=["Operations"])
timeline = Router(auth=ABOUT_PROVIDERS, tags=["Workspace providers"])


class OperationQuery(PageQuery):
    provider: UUID | None = None
    kind: OperationKind | None = None
    state: OperationState | None = None


class LogQuery(Schema):
    after: int = Field(0, ge=0, le=2**63 - 1, description="`last` of the answer before.")


@router.get("", response=Page[OperationOut])
def list_operations(request: HttpRequest, asked: Query[OperationQuery]) -> dict[str, Any]:
    """Newest first."""
    require_view(person_of(request))
    wanted = {"provider": asked.provider, "kind": asked.kind, "state": asked.state}
    rows = Operation.objects.filter(**{name: value for name, value in wanted.items() if value})
    page, cursor = page_of(rows.select_related("provider"), asked, by="requested_at", descending=True)
    return answer_page(([operation_out(operation) for operation in page], cursor))


@router.get("/{uuid:operation_id}", response=OperationOut)
def get_operation(request: HttpRequest, operation_id: UUID) -> dict[str, Any]:
    return operation_out(read_operation(request, operation_id))


@router.get("/{uuid:operation_id}/log", response=LogOut)
def get_operation_log(request: HttpRequest, operation_id: UUID, asked: Query[LogQuery]) -> dict[str, Any]:
    """The lines after those that you have, at most a thousand. Ask again while `is_active`."""
    return log_out(read_operation(request, operation_id), after=asked.after)


@router.post("/{uuid:operation_id}/cancel", response={202: OperationOut})
def cancel_operation(request: HttpRequest, operation_id: UUID) -> dict[str, Any]:
    """A queued one ends at once, a running one as soon as its worker can stop safely."""
    operation = read_operation(request, operation_id)
    require_manage(actor_of(request))
    services.cancel_operation(actor=actor_of(request), operation=operation)
    return operation_out(read_operation(request, operation_id))


@timeline.get("/{uuid:provider_id}/timeline", response=Page[ChangeOut])
def get_timeline(request: HttpRequest, provider_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    """Changes of status and of cordon, newest first. Of old ones of status only the last one is kept."""
    changes = StatusChange.objects.filter(provider=read_provider(request, provider_id))
    return answer_page(page_of(changes, asked, by="at", descending=True))


@timeline.get("/{uuid:provider_id}/availability", response=AvailabilityOut)
def get_availability(request: HttpRequest, provider_id: UUID) -> Any:
    provider = read_provider(request, provider_id)
    return load_details([provider], with_year=True)[provider.pk].availability


def log_out(operation: AbstractOperation, *, after: int) -> dict[str, Any]:
    """LogOut: the lines first, so that an operation that ends in between is asked once more."""
    is_active, state = operation.is_active, operation.state
    lines = lines_after(operation, after, most=MOST_LINES)
    last = lines[-1].pk if lines else after
    return {"items": lines, "last": last, "state": state, "is_active": is_active or len(lines) == MOST_LINES}
