"""A change of the access URL: plan it, and what one does about it. GET asks, POST does."""

from collections.abc import Collection
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from infrastructure import confirmations, services
from infrastructure.choices import ACTIVE_CHANGES, NOT_SWITCHED, UNDER_WAY, ChangeState
from infrastructure.details import ChangeDetails, details_of, warnings_of
from infrastructure.errors import RefusedError
from infrastructure.forms import AccessURLForm, SwitchForm
from infrastructure.models import AccessURLChange
from infrastructure.policies import can_manage
from infrastructure.querysets import deployed_providers
from infrastructure.services.changing import require_switchable, touched_providers
from infrastructure.views.scope import (
    ask_and_do,
    change_refusal,
    confirm,
    managed_change,
    page_at_new_url,
    require_manager,
    viewed_change,
)
from organizations.views.scope import say_refusal
from providers.access_urls import access_url, answering_urls


@never_cache
@require_safe
def change_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One page for every state, and its part that moves: 204 while nothing has changed since it was sent (`seen`)."""
    change, urls = viewed_change(request, pk), answering_urls()
    details = details_of(change, managed=can_manage(request.user), urls=urls)
    if request.GET.get("seen") == details.fingerprint and wants_partial(request):
        return HttpResponse(status=204)
    context = _context(request, details) | {"page_at_new_url": page_at_new_url(request, urls)}
    partial = "infrastructure/partials/change_panel.html"
    return render(request, partial if wants_partial(request) else "infrastructure/change_detail.html", context)


def _context(request: HttpRequest, details: ChangeDetails) -> dict[str, object]:
    return {"details": details, "change": details.change, "is_update": wants_partial(request)}


@ask_and_do
def change_create(request: HttpRequest) -> HttpResponse:
    """The plan that is under way already is shown instead: there is one at a time."""
    require_manager(request)
    active = AccessURLChange.objects.filter(state__in=ACTIVE_CHANGES).first()
    if request.method != "POST" and active:
        return redirect("infrastructure:change_detail", pk=active.pk)
    form = AccessURLForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "infrastructure/change_form.html", {"form": form, "access_url": access_url()})
    try:
        change = services.plan_change(actor=actor_of(request), new_url=form.cleaned_data["new_url"])
    except RefusedError as refusal:
        say_refusal(request, refusal)
        return redirect("infrastructure:change_create")
    return redirect("infrastructure:change_detail", pk=change.pk)


@ask_and_do
@change_refusal
def change_check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Harmless, so that nobody is asked; a GET, as after a new sign-in, only leads to the page."""
    change = managed_change(request, pk)
    if request.method == "POST":
        services.check_again(actor=actor_of(request), change=change)
    return redirect("infrastructure:change_detail", pk=pk)


@ask_and_do
@change_refusal
def change_switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    change = managed_change(request, pk)
    if change.state in UNDER_WAY:
        return redirect("infrastructure:change_detail", pk=pk)
    _require(change, NOT_SWITCHED)
    require_switchable(change)
    providers, unread = list(deployed_providers()), warnings_of(change)
    form = SwitchForm(
        request.POST if request.method == "POST" else None, providers=providers, has_warnings=bool(unread)
    )
    if not form.is_valid():
        asked = confirmations.of_switch(change, providers)
        return confirm(request, asked, cancel_url=_page(change), form=form, warnings=unread)
    services.switch(
        actor=actor_of(request),
        change=change,
        canary=form.cleaned_data.get("canary"),
        failure_limit=form.cleaned_data["failure_limit"],
        warnings_read=form.cleaned_data.get("warnings_read", False),
    )
    messages.success(request, f"{change.new_url} is the access URL now. {change.old_url} is answered until you finish.")
    return redirect("infrastructure:change_detail", pk=pk)


@ask_and_do
@change_refusal
def change_finish(request: HttpRequest, pk: UUID) -> HttpResponse:
    change = managed_change(request, pk)
    if request.method == "POST":
        services.finish(actor=actor_of(request), change=change)
        return redirect("infrastructure:change_detail", pk=pk)
    _require(change, [ChangeState.CONFIRMED])
    return confirm(request, confirmations.of_finish(change), cancel_url=_page(change))


@ask_and_do
@change_refusal
def change_roll_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    change = managed_change(request, pk)
    if request.method == "POST":
        services.roll_back(actor=actor_of(request), change=change)
        return redirect("infrastructure:change_detail", pk=pk)
    _require(change, UNDER_WAY)
    return confirm(request, confirmations.of_roll_back(change, touched_providers(change)), cancel_url=_page(change))


@ask_and_do
@change_refusal
def change_drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    change = managed_change(request, pk)
    if request.method == "POST":
        services.drop_change(actor=actor_of(request), change=change)
        return redirect("infrastructure:overview")
    _require(change, NOT_SWITCHED)
    return confirm(request, confirmations.of_drop(change), cancel_url=_page(change))


def _require(change: AccessURLChange, states: Collection[str]) -> None:
    """Nobody is asked about what would be refused."""
    if change.state not in states:
        raise RefusedError(f"The change to {change.new_url} is {change.get_state_display().lower()} by now.")


def _page(change: AccessURLChange) -> str:
    return reverse("infrastructure:change_detail", args=[change.pk])
