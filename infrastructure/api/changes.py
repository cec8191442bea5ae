"""A change of the access URL: plan it, look at it, and each step of it. Every verb may be sent again."""

from collections.abc import Callable
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import ANYBODY
from coderadmin.api.paging import Page, PageQuery, answer_page, page_of
from coderadmin.api.schema import may_answer
from infrastructure import confirmations, services
from infrastructure.api.schemas import (
    AccessUrlChangeDetailsOut,
    AccessUrlChangeIn,
    AccessUrlChangeOut,
    ConfirmationOut,
    SwitchIn,
    change_details_out,
    change_out,
    confirmation_out,
)
from infrastructure.api.scope import managed_change, read_change, require_manager, require_reader, rollout_options
from infrastructure.choices import NOT_SWITCHED, UNDER_WAY
from infrastructure.errors import RefusedError
from infrastructure.forms import AccessURLForm
from infrastructure.models import AccessURLChange
from infrastructure.querysets import deployed_providers
from infrastructure.services.changing import touched_providers
from providers.confirmations import Confirmation

router = Router(auth=ANYBODY, tags=["Access URL"])

IMPACTS: dict[str, Callable[[AccessURLChange], Confirmation]] = {
    "switch": lambda change: confirmations.of_switch(change, list(deployed_providers())),
    "finish": confirmations.of_finish,
    "rollback": lambda change: confirmations.of_roll_back(change, touched_providers(change)),
    "drop": confirmations.of_drop,
}
POSSIBLE = {"switch": NOT_SWITCHED, "finish": UNDER_WAY, "rollback": UNDER_WAY, "drop": NOT_SWITCHED}


@router.get("", response=Page[AccessUrlChangeOut])
def list_access_url_changes(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """Newest first."""
    require_reader(request)
    page, cursor = page_of(AccessURLChange.objects.all(), asked, by="requested_at", descending=True)
    return answer_page(([change_out(change) for change in page], cursor))


@router.post("", response={201: AccessUrlChangeDetailsOut})
def plan_access_url_change(request: HttpRequest, response: HttpResponse, body: AccessUrlChangeIn) -> dict[str, Any]:
    """Nothing is switched yet. The findings are there once `is_checking` is false. The same plan again is the same."""
    require_manager(request)
    form = checked(AccessURLForm(form_data(body.model_dump())))
    change = services.plan_change(actor=actor_of(request), new_url=form.cleaned_data["new_url"])
    response["Location"] = reverse("api:get_access_url_change", args=[change.pk])
    return change_details_out(change)


@router.get("/{uuid:change_id}", response=AccessUrlChangeDetailsOut)
def get_access_url_change(request: HttpRequest, change_id: UUID) -> dict[str, Any]:
    """Findings, and each provider's step."""
    return change_details_out(read_change(request, change_id))


@router.get("/{uuid:change_id}/impact", response=ConfirmationOut, openapi_extra=may_answer(409))
def get_access_url_impact(
    request: HttpRequest, change_id: UUID, of: Literal["switch", "finish", "rollback", "drop"]
) -> dict[str, Any]:
    """What an action would do. Nothing is changed. Refused when it is not possible any more, or not yet."""
    change = read_change(request, change_id)
    if change.state not in POSSIBLE[of]:
        raise RefusedError(f"The change to {change.new_url} is {change.get_state_display().lower()}.")
    return confirmation_out(IMPACTS[of](change))


@router.post("/{uuid:change_id}/check", response={202: AccessUrlChangeDetailsOut})
def check_access_url_change(request: HttpRequest, change_id: UUID) -> dict[str, Any]:
    """Makes the findings anew. Only before the switch."""
    services.check_again(actor=actor_of(request), change=managed_change(request, change_id))
    return _answer(request, change_id)


@router.post("/{uuid:change_id}/switch", response={202: AccessUrlChangeDetailsOut})
def switch_access_url(request: HttpRequest, change_id: UUID, body: SwitchIn) -> dict[str, Any]:
    """The new URL is the access URL at once; both are answered, and every deployed provider is redeployed."""
    change = managed_change(request, change_id)
    options = rollout_options(body, list(deployed_providers()))
    services.switch(actor=actor_of(request), change=change, warnings_read=body.warnings_read, **options)
    return _answer(request, change_id)


@router.post("/{uuid:change_id}/finish", response=AccessUrlChangeDetailsOut)
def finish_access_url_change(request: HttpRequest, change_id: UUID) -> dict[str, Any]:
    """The old URL is refused from now on. Only once every provider is confirmed or skipped."""
    services.finish(actor=actor_of(request), change=managed_change(request, change_id))
    return _answer(request, change_id)


@router.post("/{uuid:change_id}/rollback", response={202: AccessUrlChangeDetailsOut})
def roll_back_access_url(request: HttpRequest, change_id: UUID) -> dict[str, Any]:
    """The old URL is the access URL again; what has the new one is redeployed. Until it is finished."""
    services.roll_back(actor=actor_of(request), change=managed_change(request, change_id))
    return _answer(request, change_id)


@router.post("/{uuid:change_id}/drop", response=AccessUrlChangeDetailsOut)
def drop_access_url_change(request: HttpRequest, change_id: UUID) -> dict[str, Any]:
    """Ends a plan that was not switched."""
    services.drop_change(actor=actor_of(request), change=managed_change(request, change_id))
    return _answer(request, change_id)


def _answer(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """As it is now."""
    return change_details_out(read_change(request, pk))
