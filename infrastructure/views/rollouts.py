"""A rollout: its page, its panel while one watches, and what one does about it."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from infrastructure import confirmations, services
from infrastructure.choices import DONE, RolloutKind
from infrastructure.errors import RefusedError
from infrastructure.forms import SkipForm
from infrastructure.models import Rollout, RolloutStep
from infrastructure.panels import make_panels, url_of_rollout
from infrastructure.policies import can_manage
from infrastructure.views.scope import (
    ask_and_do,
    confirm,
    managed_rollout,
    managed_step,
    rollout_refusal,
    viewed_rollout,
)
from providers.access_urls import access_url


@never_cache
@require_safe
def rollout_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An upgrade's page; a rollout of an access URL is on the page of its change. 204 as with `change_detail`."""
    rollout = viewed_rollout(request, pk)
    if rollout.kind == RolloutKind.ACCESS_URL:
        return redirect(url_of_rollout(rollout))
    [panel] = make_panels([rollout], managed=can_manage(request.user), present_url=access_url())
    if request.GET.get("seen") == panel.fingerprint and wants_partial(request):
        return HttpResponse(status=204)
    context = {"panel": panel, "rollout": rollout, "is_update": wants_partial(request)}
    partial = "infrastructure/partials/upgrade_panel.html"
    return render(request, partial if wants_partial(request) else "infrastructure/rollout_detail.html", context)


def _do(verb: Callable[..., object]) -> Callable[[HttpRequest, UUID], HttpResponse]:
    """A verb that asks nothing; a GET, as after a new sign-in, only leads to the page."""

    @ask_and_do
    @rollout_refusal
    def view(request: HttpRequest, pk: UUID) -> HttpResponse:
        rollout = managed_rollout(request, pk)
        if request.method == "POST":
            verb(actor=actor_of(request), rollout=rollout)
        return redirect(url_of_rollout(rollout))

    return view


rollout_pause = _do(services.pause_rollout)
rollout_resume = _do(services.resume_rollout)
rollout_retry = _do(services.retry_failed)


@ask_and_do
@rollout_refusal
def rollout_call_off(request: HttpRequest, pk: UUID) -> HttpResponse:
    rollout = managed_rollout(request, pk)
    if request.method == "POST":
        services.call_off_rollout(actor=actor_of(request), rollout=rollout)
        return redirect(url_of_rollout(rollout))
    _require_active(rollout)
    if rollout.kind == RolloutKind.ACCESS_URL:
        raise RefusedError("This rollout carries an access URL.", remedy="Roll the change back, or skip its providers.")
    return confirm(request, confirmations.of_call_off(rollout), cancel_url=url_of_rollout(rollout))


@ask_and_do
@rollout_refusal
def step_retry(request: HttpRequest, pk: UUID, step: int) -> HttpResponse:
    rollout, chosen = managed_step(request, pk, step)
    if request.method == "POST":
        services.retry_failed(actor=actor_of(request), rollout=rollout, step=chosen)
    return redirect(url_of_rollout(rollout))


@ask_and_do
@rollout_refusal
def step_skip(request: HttpRequest, pk: UUID, step: int) -> HttpResponse:
    rollout, chosen = managed_step(request, pk, step)
    if request.method != "POST":
        _require_skippable(rollout, chosen)
    form = SkipForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        asked = confirmations.of_skip(rollout, chosen)
        return confirm(request, asked, cancel_url=url_of_rollout(rollout), form=form)
    services.skip_step(actor=actor_of(request), rollout=rollout, step=chosen, reason=form.cleaned_data["reason"])
    return redirect(url_of_rollout(rollout))


def _require_active(rollout: Rollout) -> None:
    """Nobody is asked about what would be refused."""
    if not rollout.is_active:
        raise RefusedError("This rollout has ended.")


def _require_skippable(rollout: Rollout, step: RolloutStep) -> None:
    _require_active(rollout)
    if step.state in DONE:
        raise RefusedError(f"{step.provider_name} is {step.get_state_display().lower()} already.")
