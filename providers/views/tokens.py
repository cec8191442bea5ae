"""envproxy tokens: shown once, inside the values file that brings them to the cluster; and revoked."""

from urllib.parse import quote, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from audit.services import actor_of
from providers import confirmations
from providers.errors import RefusedError
from providers.forms.tokens import NewTokenForm
from providers.handover import helm_command, values_file, values_file_name
from providers.models import WorkspaceProvider
from providers.services import revoke_envproxy_tokens, rotate_envproxy_token
from providers.services.tokens import UNUSED_LIFETIME
from providers.views.confirm import confirm
from providers.views.scope import ask_and_do, managed_provider, refusal_becomes_message
from providers.words import counted


@never_cache
@ask_and_do
@refusal_becomes_message
def provider_rotate_token(request: HttpRequest, pk: UUID) -> HttpResponse:
    provider = _remote(managed_provider(request, pk))
    if request.method == "POST":
        return _show_once(request, provider)
    return confirm(request, provider, confirmations.of_rotation(provider), form=NewTokenForm.of(provider))


@never_cache
@ask_and_do
@refusal_becomes_message
def provider_command(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The Helm command for those who run Helm themselves; only the POST makes a token."""
    provider = _remote(managed_provider(request, pk))
    if request.method == "POST":
        return _show_once(request, provider)
    context = {"provider": provider, "command": helm_command(provider), "form": NewTokenForm.of(provider)}
    context["unused_days"] = UNUSED_LIFETIME.days
    context["has_token"] = provider.envproxy_tokens.in_use().exists()
    context["host"] = urlsplit(provider.hostname).hostname  # a DNS record has no port
    return render(request, "providers/provider_command.html", context)


@never_cache
@ask_and_do
@refusal_becomes_message
def provider_revoke_token(request: HttpRequest, pk: UUID, token: int | None = None) -> HttpResponse:
    """One of them, or all."""
    provider = _remote(managed_provider(request, pk))
    chosen = get_object_or_404(provider.envproxy_tokens, pk=token) if token is not None else None
    if request.method != "POST":
        return confirm(request, provider, confirmations.of_revocation(provider, chosen))
    ended = revoke_envproxy_tokens(actor=actor_of(request), provider=provider, token=chosen)
    if ended:
        messages.success(request, f"{counted(ended, 'token')} of {provider.name} revoked.")
    else:
        messages.info(request, "Nothing was revoked: no such token was valid any more.")
    return redirect("providers:provider_detail", pk=pk)


def _remote(provider: WorkspaceProvider) -> WorkspaceProvider:
    if provider.built_in:
        raise RefusedError("The built-in provider has no release and no token: it is this deployment's own cluster.")
    return provider


@sensitive_variables()
def _show_once(request: HttpRequest, provider: WorkspaceProvider) -> HttpResponse:
    """A form without the number of the newest token was not made by our page, or is very old."""
    form = NewTokenForm(request.POST)
    if not form.is_valid():
        raise RefusedError("No token was made: the form was not complete.", remedy="Open the page again.")
    newest = form.cleaned_data["newest"]
    token = rotate_envproxy_token(actor=actor_of(request), provider=provider, newest=newest)
    text = values_file(provider, token)
    context = {
        "provider": provider,
        "token": token,
        "file_name": values_file_name(provider),
        "values_file": text,
        "download": f"data:application/yaml;charset=utf-8,{quote(text)}",
        "command": helm_command(provider),
        "unused_days": UNUSED_LIFETIME.days,
    }
    return render(request, "providers/provider_token.html", context)
