"""Deleting a provider: the page that lists what is in the way, and the two ways to do it."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from audit.services import actor_of
from providers import confirmations
from providers.choices import OperationKind
from providers.errors import RefusedError
from providers.forms import LeaveReleaseForm
from providers.models import Operation, WorkspaceProvider
from providers.services import request_delete
from providers.services.operations import NAMED_ENVIRONMENTS, require_deletable, require_idle
from providers.views.confirm import confirm
from providers.views.scope import ask_and_do, managed_provider, refusal_becomes_message


@ask_and_do
@refusal_becomes_message
def provider_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    provider = managed_provider(request, pk)
    if request.method == "POST":
        operation = request_delete(actor=actor_of(request), provider=provider)
        return redirect("providers:operation_detail", pk=operation.pk)
    require_idle(provider)
    try:
        require_deletable(provider)
    except RefusedError as refusal:
        return _in_the_way(request, provider, refusal)
    if _may_leave_release(provider):
        return _two_ways(request, provider)
    return confirm(request, provider, confirmations.of_delete(provider))


@ask_and_do
@refusal_becomes_message
def provider_delete_anyway(request: HttpRequest, pk: UUID) -> HttpResponse:
    provider = managed_provider(request, pk)
    confirmations.require_out_of_reach(provider)
    require_deletable(provider)
    form = LeaveReleaseForm(request.POST if request.method == "POST" else None, provider=provider)
    if not form.is_valid():
        return confirm(request, provider, confirmations.of_delete_anyway(provider), form=form)
    operation = request_delete(actor=actor_of(request), provider=provider, leave_release=True)
    return redirect("providers:operation_detail", pk=operation.pk)


def _in_the_way(request: HttpRequest, provider: WorkspaceProvider, refusal: RefusedError) -> HttpResponse:
    context = {
        "provider": provider,
        "refusal": refusal,
        "environments": _environments(provider)[:NAMED_ENVIRONMENTS],
        "cancel_url": reverse("providers:provider_detail", args=[provider.pk]),
    }
    return render(request, "providers/provider_confirm_blocked.html", context)


def _two_ways(request: HttpRequest, provider: WorkspaceProvider) -> HttpResponse:
    context = {
        "provider": provider,
        "usual": confirmations.of_delete(provider),
        "anyway": confirmations.of_delete_anyway(provider),
        "form": LeaveReleaseForm(provider=provider),
        "last_deletion": _last_deletion(provider),
        "cancel_url": reverse("providers:provider_detail", args=[provider.pk]),
    }
    return render(request, "providers/provider_confirm_delete.html", context)


def _may_leave_release(provider: WorkspaceProvider) -> bool:
    return confirmations.may_leave_release(provider, _last_deletion(provider))


def _last_deletion(provider: WorkspaceProvider) -> Operation | None:
    return provider.operations.filter(kind=OperationKind.DELETE).first()


def _environments(provider: WorkspaceProvider) -> QuerySet:
    return provider.environments.select_related("owner", "organization")
