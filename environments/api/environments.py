"""Environments: the list, one, a new one, and what can be done with one."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data, sent_fields
from coderadmin.api.callers import ANYBODY, person_of
from coderadmin.api.paging import Page, PageQuery, SearchText, answer_page, page_of
from coderadmin.api.revisions import IF_MATCH, asked_revision, tag
from environments import services
from environments.api.forms import EnvironmentApiForm
from environments.api.schemas import (
    CreatedOut,
    EnvironmentIn,
    EnvironmentOperationOut,
    EnvironmentOut,
    PlanFields,
    RequestedOut,
    environment_out,
    operation_out,
)
from environments.api.scope import usable_environment, visible_environments
from environments.choices import EnvironmentStatus
from environments.filters import EnvironmentFilter
from environments.forms import RebuildForm
from environments.leaving import require_may_leave_objects
from environments.models import EnvironmentOperation
from environments.services.operations import CHANGEABLE
from organizations.filters import words_of

router = Router(auth=ANYBODY, tags=["Environments"])
NOT_FOR_OTHERS = "Only those who manage the organization may create environments for others."


class EnvironmentQuery(PageQuery):
    q: SearchText = ""
    status: EnvironmentStatus | None = None
    provider: UUID | None = None
    organization: UUID | None = None
    owner: SearchText = ""


@router.get("", response=Page[EnvironmentOut])
def list_environments(request: HttpRequest, asked: Query[EnvironmentQuery]) -> dict[str, Any]:
    """By name. Yours, those of organizations that you manage, and all for site managers."""
    wanted = EnvironmentFilter(
        text=words_of(request.GET),
        status=asked.status or "",
        provider=str(asked.provider or ""),
        organization=str(asked.organization or ""),
        owner=asked.owner.strip().lower(),
    )
    page, cursor = page_of(wanted.narrowed(visible_environments(request)), asked, by="name")
    return answer_page(([environment_out(environment) for environment in page], cursor))


@router.post("", response={201: CreatedOut})
def create_environment(request: HttpRequest, response: HttpResponse, body: EnvironmentIn) -> dict[str, Any]:
    """A refusal (409) names every rule that forbids it, in `rules`: the same as `/why`."""
    person = person_of(request)
    form = checked(EnvironmentApiForm(form_data(body.model_dump()), person=person))
    owner = form.cleaned_data.get("owner") or person
    if body.owner and body.owner.strip().lower() != owner.email:
        raise PermissionDenied(NOT_FOR_OTHERS)
    chosen = form.cleaned_data
    environment = services.create_environment(
        actor=actor_of(request),
        owner=owner,
        organization=chosen["organization"],
        provider=chosen["provider"],
        plan=form.plan(),
    )
    response["Location"] = reverse("api:get_environment", args=[environment.pk])
    operation = EnvironmentOperation.objects.select_related("environment").get(environment=environment)
    return _answer(request, response, environment.pk) | {"operation": operation_out(operation)}


@router.get("/{uuid:environment_id}", response=EnvironmentOut)
def get_environment(request: HttpRequest, response: HttpResponse, environment_id: UUID) -> dict[str, Any]:
    """The ETag goes into If-Match of a rebuild."""
    return _answer(request, response, environment_id)


@router.post("/{uuid:environment_id}/start", response={202: RequestedOut})
def start_environment(request: HttpRequest, environment_id: UUID) -> dict[str, Any]:
    environment = usable_environment(request, environment_id)
    return _requested(services.start_environment(actor=actor_of(request), environment=environment))


@router.post("/{uuid:environment_id}/stop", response={202: RequestedOut})
def stop_environment(request: HttpRequest, environment_id: UUID) -> dict[str, Any]:
    """Its home stays."""
    environment = usable_environment(request, environment_id)
    return _requested(services.stop_environment(actor=actor_of(request), environment=environment))


@router.post("/{uuid:environment_id}/rebuild", response={202: RequestedOut}, openapi_extra=IF_MATCH)
def rebuild_environment(request: HttpRequest, environment_id: UUID, body: PlanFields) -> dict[str, Any]:
    """With another image or size, or as it is. With If-Match, 412 when somebody else changed it meanwhile."""
    environment = usable_environment(request, environment_id)
    revision = asked_revision(request, environment.revision)
    stored = {name: getattr(environment, name) for name in CHANGEABLE} | {"revision": revision}
    form = checked(RebuildForm(form_data(sent_fields(body), over=stored), environment=environment))
    return _requested(
        services.rebuild_environment(
            actor=actor_of(request), environment=environment, revision=revision, changes=form.changes()
        )
    )


@router.post("/{uuid:environment_id}/postpone", response=EnvironmentOut)
def postpone_environment(request: HttpRequest, response: HttpResponse, environment_id: UUID) -> dict[str, Any]:
    """“I am still using it”: the idle time begins anew."""
    services.postpone_auto_off(actor=actor_of(request), environment=usable_environment(request, environment_id))
    return _answer(request, response, environment_id)


@router.delete("/{uuid:environment_id}", response={202: RequestedOut})
def delete_environment(request: HttpRequest, environment_id: UUID, leave_objects: bool = False) -> dict[str, Any]:
    """With its home. `leave_objects`, for site managers: its cluster is out of reach; what is there stays there."""
    environment = usable_environment(request, environment_id)
    if leave_objects:
        require_may_leave_objects(person_of(request), environment)
    return _requested(
        services.delete_environment(actor=actor_of(request), environment=environment, leave_objects=leave_objects)
    )


@router.get("/{uuid:environment_id}/operations", response=Page[EnvironmentOperationOut])
def list_environment_operations(request: HttpRequest, environment_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    """Newest first; the log of the first one is the build log."""
    operations = usable_environment(request, environment_id).operations.select_related("environment")
    page, cursor = page_of(operations, asked, by="requested_at", descending=True)
    return answer_page(([operation_out(operation) for operation in page], cursor))


def _requested(operation: EnvironmentOperation | None) -> dict[str, Any]:
    return {"operation": operation_out(operation) if operation else None}


def _answer(request: HttpRequest, response: HttpResponse, pk: UUID) -> dict[str, Any]:
    """As it is now."""
    environment = usable_environment(request, pk)
    tag(response, environment.revision)
    return environment_out(environment)
