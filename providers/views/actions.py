"""The actions on a provider: GET asks and says what will happen, POST does it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from providers import confirmations, services
from providers.access_urls import access_url
from providers.errors import RefusedError
from providers.forms import CordonForm
from providers.models import WorkspaceProvider
from providers.services.changes import require_defaultable
from providers.services.operations import require_deployable, require_idle
from providers.services.targets import require_credential
from providers.services.values import release_drift
from providers.views.confirm import confirm
from providers.views.scope import ask_and_do, managed_provider, refusal_becomes_message


@ask_and_do
@refusal_becomes_message
def provider_preflight(request: HttpRequest, pk: UUID) -> HttpResponse:
    provider = managed_provider(request, pk)
    if request.method != "POST":
        require_credential(provider)
        require_idle(provider)
        return confirm(request, provider, confirmations.of_preflight(provider))
    services.request_preflight(actor=actor_of(request), provider=provider)
    return redirect("providers:provider_detail", pk=pk)


@ask_and_do
@refusal_becomes_message
def provider_deploy(request: HttpRequest, pk: UUID) -> HttpResponse:
    provider = managed_provider(request, pk)
    if request.method != "POST":
        require_deployable(provider)
        require_idle(provider)
        drift = release_drift(provider, access_url=access_url())
        return confirm(request, provider, confirmations.of_deploy(provider), drift=drift)
    services.request_deploy(actor=actor_of(request), provider=provider)
    return redirect("providers:provider_detail", pk=pk)


@ask_and_do
@refusal_becomes_message
def provider_check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Harmless, so that nobody is asked: a GET, as after a new sign-in, only leads to the provider.

    A fragment is answered with the card, which says itself that it checks.
    """
    provider = managed_provider(request, pk)
    if request.method != "POST":
        return redirect("providers:provider_detail", pk=pk)
    services.request_check(actor=actor_of(request), provider=provider)
    if not wants_partial(request):
        messages.info(request, f"{provider.name} is being checked now.")
    return redirect("providers:provider_detail", pk=pk)


@ask_and_do
@refusal_becomes_message
def provider_set_default(request: HttpRequest, pk: UUID) -> HttpResponse:
    provider = managed_provider(request, pk)
    if request.method != "POST":
        require_defaultable(provider)
        present = WorkspaceProvider.objects.filter(is_default=True).exclude(pk=pk).first()
        return confirm(request, provider, confirmations.of_default(provider, present))
    services.set_default_provider(actor=actor_of(request), provider=provider)
    messages.success(request, f"{provider.name} is the default now.")
    return redirect("providers:provider_detail", pk=pk)


@ask_and_do
@refusal_becomes_message
def provider_cordon(request: HttpRequest, pk: UUID) -> HttpResponse:
    provider = managed_provider(request, pk)
    if request.method != "POST" and provider.is_cordoned:
        raise RefusedError(
            f"{provider.name} is cordoned already, by {provider.cordoned_by}: {provider.cordon_reason}",
            remedy="To give another reason, uncordon it first.",
        )
    form = CordonForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return confirm(request, provider, confirmations.of_cordon(provider), form=form)
    provider = services.cordon_provider(actor=actor_of(request), provider=provider, reason=form.cleaned_data["reason"])
    messages.success(request, f"{provider.name} is cordoned by {provider.cordoned_by}: {provider.cordon_reason}")
    return redirect("providers:provider_detail", pk=pk)


@ask_and_do
@refusal_becomes_message
def provider_uncordon(request: HttpRequest, pk: UUID) -> HttpResponse:
    provider = managed_provider(request, pk)
    if request.method != "POST" and provider.is_cordoned:
        return confirm(request, provider, confirmations.of_uncordon(provider))
    if request.method != "POST":
        raise RefusedError(f"{provider.name} is not cordoned.")
    services.uncordon_provider(actor=actor_of(request), provider=provider)
    messages.success(request, f"{provider.name} is not cordoned.")
    return redirect("providers:provider_detail", pk=pk)
