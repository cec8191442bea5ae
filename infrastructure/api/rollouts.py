"""Rollouts: redeploying many providers, a few at a time; of an access URL, or of the chart (an upgrade)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models.functions import Lower
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
    ConfirmationOut,
    RolloutDetailsOut,
    RolloutOut,
    SkipIn,
    UpgradeIn,
    UpgradeQuery,
    UpgradeRowOut,
    confirmation_out,
    rollout_out,
    rollouts_out,
)
from infrastructure.api.scope import (
    managed_rollout,
    managed_step,
    read_rollout,
    require_manager,
    require_reader,
    rollout_options,
)
from infrastructure.board import board_of, outdated_of
from infrastructure.forms import SkipForm
from infrastructure.models import Rollout
from infrastructure.querysets import deployed_providers
from infrastructure.services.rollouts import is_by_hand
from providers.helm.package import chart_version
from providers.models import WorkspaceProvider
from providers.releases import chart_state

router = Router(auth=ANYBODY, tags=["Rollouts"])
upgrades = Router(auth=ANYBODY, tags=["Rollouts"])


@upgrades.get("", response=Page[UpgradeRowOut])
def list_upgrades(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """Each deployed provider's chart against this deployment's, by name."""
    require_reader(request)
    page, cursor = page_of(deployed_providers(), asked, by=Lower("name"))
    return answer_page(([_board_row(provider) for provider in page], cursor))


@upgrades.get("/impact", response=ConfirmationOut, openapi_extra=may_answer(409))
def get_upgrade_impact(request: HttpRequest, asked: Query[UpgradeQuery]) -> dict[str, Any]:
    """What an upgrade would do. Nothing is changed. Refused while another rollout is under way."""
    require_reader(request)
    providers = _chosen(asked.provider or None)
    services.require_possible(providers)
    return confirmation_out(confirmations.of_upgrade(providers, chart_version()))


@upgrades.post("", response={202: RolloutDetailsOut})
def start_upgrade(request: HttpRequest, response: HttpResponse, body: UpgradeIn) -> dict[str, Any]:
    """Redeploys the providers with this deployment's chart. Refused while another rollout is under way."""
    require_manager(request)
    providers = _chosen(body.providers)
    options = rollout_options(body, providers)
    rollout = services.start_upgrade(actor=actor_of(request), providers=[each.pk for each in providers], **options)
    response["Location"] = reverse("api:get_rollout", args=[rollout.pk])
    return rollout_out(rollout)


@router.get("", response=Page[RolloutOut])
def list_rollouts(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """Newest first."""
    require_reader(request)
    page, cursor = page_of(Rollout.objects.all(), asked, by="requested_at", descending=True)
    return answer_page((rollouts_out(page), cursor))


@router.get("/{uuid:rollout_id}", response=RolloutDetailsOut)
def get_rollout(request: HttpRequest, rollout_id: UUID) -> dict[str, Any]:
    return rollout_out(read_rollout(request, rollout_id))


@router.post("/{uuid:rollout_id}/pause", response=RolloutDetailsOut)
def pause_rollout(request: HttpRequest, rollout_id: UUID) -> dict[str, Any]:
    """Nothing new is begun; what is under way goes on to its end."""
    return _do(services.pause_rollout, request, rollout_id)


@router.post("/{uuid:rollout_id}/resume", response=RolloutDetailsOut)
def resume_rollout(request: HttpRequest, rollout_id: UUID) -> dict[str, Any]:
    """Goes on, in spite of the steps that have failed until now."""
    return _do(services.resume_rollout, request, rollout_id)


@router.post("/{uuid:rollout_id}/retry", response=RolloutDetailsOut)
def retry_rollout(request: HttpRequest, rollout_id: UUID) -> dict[str, Any]:
    """Begins every failed step again."""
    return _do(services.retry_failed, request, rollout_id)


@router.post("/{uuid:rollout_id}/call-off", response=RolloutDetailsOut)
def call_off_rollout(request: HttpRequest, rollout_id: UUID) -> dict[str, Any]:
    """An upgrade ends here; what is deployed stays so."""
    return _do(services.call_off_rollout, request, rollout_id)


@router.post("/{uuid:rollout_id}/steps/{int:step_id}/retry", response=RolloutDetailsOut)
def retry_rollout_step(request: HttpRequest, rollout_id: UUID, step_id: int) -> dict[str, Any]:
    rollout, step = managed_step(request, rollout_id, step_id)
    services.retry_failed(actor=actor_of(request), rollout=rollout, step=step)
    return get_rollout(request, rollout_id)


@router.post("/{uuid:rollout_id}/steps/{int:step_id}/skip", response=RolloutDetailsOut)
def skip_rollout_step(request: HttpRequest, rollout_id: UUID, step_id: int, body: SkipIn) -> dict[str, Any]:
    """The others go on without it. Refused while a worker deploys it."""
    rollout, step = managed_step(request, rollout_id, step_id)
    form = checked(SkipForm(form_data(body.model_dump())))
    services.skip_step(actor=actor_of(request), rollout=rollout, step=step, reason=form.cleaned_data["reason"])
    return get_rollout(request, rollout_id)


def _do(verb: Callable[..., object], request: HttpRequest, pk: UUID) -> dict[str, Any]:
    verb(actor=actor_of(request), rollout=managed_rollout(request, pk))
    return get_rollout(request, pk)


def _board_row(provider: WorkspaceProvider) -> dict[str, Any]:
    return {
        "provider": provider,
        "chart_version": provider.chart_version,
        "state": chart_state(provider),
        "by_hand": is_by_hand(provider),
    }


def _chosen(ids: list[UUID] | None) -> list[WorkspaceProvider]:
    if ids is not None:
        return list(deployed_providers().filter(pk__in=ids).order_by("name"))
    return outdated_of(board_of(deployed_providers(), access_url=""))
