"""Which change or rollout a request is about, and whether the person may touch it."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from audit.services import actor_of
from infrastructure.models import AccessURLChange, Rollout, RolloutStep
from infrastructure.panels import url_of_rollout
from infrastructure.policies import require_manage, require_view
from organizations.views.scope import ask_and_do, person_of, refusal_leads_to
from providers.access_urls import AccessURLs
from providers.confirmations import Confirmation

__all__ = [
    "ask_and_do",
    "change_refusal",
    "confirm",
    "managed_change",
    "managed_rollout",
    "managed_step",
    "page_at_new_url",
    "require_manager",
    "require_reader",
    "rollout_refusal",
    "viewed_change",
    "viewed_rollout",
]


def require_reader(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    require_view(person_of(request))


def require_manager(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    require_manage(actor_of(request))


def viewed_change(request: HttpRequest, pk: UUID) -> AccessURLChange:
    """Raises PermissionDenied, Http404."""
    require_reader(request)
    return get_object_or_404(AccessURLChange, pk=pk)


def managed_change(request: HttpRequest, pk: UUID) -> AccessURLChange:
    """The same, for those who may act on it."""
    change = viewed_change(request, pk)
    require_manager(request)
    return change


def viewed_rollout(request: HttpRequest, pk: UUID) -> Rollout:
    """Raises PermissionDenied, Http404."""
    require_reader(request)
    return get_object_or_404(Rollout, pk=pk)


def managed_rollout(request: HttpRequest, pk: UUID) -> Rollout:
    """The same, for those who may act on it."""
    rollout = viewed_rollout(request, pk)
    require_manager(request)
    return rollout


def managed_step(request: HttpRequest, pk: UUID, step: int) -> tuple[Rollout, RolloutStep]:
    rollout = managed_rollout(request, pk)
    return rollout, get_object_or_404(rollout.steps, pk=step)


def page_at_new_url(request: HttpRequest, urls: AccessURLs) -> str:
    """This page's address at the current access URL, for those who look at it through another; else empty."""
    through = urls.matching(host=request.get_host())
    return urls.current + request.path if through and through != urls.current else ""


def confirm(
    request: HttpRequest,
    confirmation: Confirmation,
    *,
    cancel_url: str,
    form: forms.Form | None = None,
    **more: object,
) -> HttpResponse:
    context = confirmation.__dict__ | {
        "form": form,
        "effects": None,
        "will_happen": confirmation.effects,
        "cancel_url": cancel_url,
    }
    return render(request, "infrastructure/confirm.html", context | more)


def _page_of_change(request: HttpRequest, pk: UUID) -> HttpResponse:
    return redirect("infrastructure:change_detail", pk=pk)


def _page_of_rollout(request: HttpRequest, pk: UUID, **more: int) -> HttpResponse:
    return redirect(url_of_rollout(get_object_or_404(Rollout, pk=pk)))


change_refusal = refusal_leads_to(_page_of_change)
rollout_refusal = refusal_leads_to(_page_of_rollout)
