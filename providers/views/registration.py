"""Registering a provider, and editing it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from audit.services import actor_of
from providers.choices import CredentialKind
from providers.errors import StaleRevisionError
from providers.forms import ProviderForm, ProviderUpdateForm
from providers.models import WorkspaceProvider
from providers.policies import require_manage, require_view
from providers.services import register_provider, request_preflight, update_provider
from providers.views.scope import managed_provider, person_of, refusal_becomes_message, say_refusal

PAGE = "providers/provider_form.html"
SECRETS = ("kubeconfig", "sealed_kubeconfig", "token", "ca_pem")


@never_cache
@sensitive_post_parameters(*SECRETS)
@require_http_methods(["GET", "HEAD", "POST"])
def provider_create(request: HttpRequest) -> HttpResponse:
    person, actor = person_of(request), actor_of(request)
    require_view(person)
    require_manage(actor)
    form = ProviderForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_valid():
        try:
            provider = register_provider(actor=actor, registration=form.registration(), target=form.target)
        except ValidationError as error:
            form.add_service_errors(error)
        else:
            return _after_registering(request, provider)
    return render(request, PAGE, {"form": form})


def _after_registering(request: HttpRequest, provider: WorkspaceProvider) -> HttpResponse:
    """On to the pre-flight, which writes nothing; whoever runs Helm himself gets the command."""
    if provider.credential_kind == CredentialKind.ENROLMENT:
        messages.success(request, f"{provider.name} is registered. It waits for its first call.")
        return redirect("providers:provider_command", pk=provider.pk)
    request_preflight(actor=actor_of(request), provider=provider)
    messages.success(request, f"{provider.name} is registered. The pre-flight looks at its cluster now.")
    return redirect("providers:provider_detail", pk=provider.pk)


@never_cache
@sensitive_post_parameters(*SECRETS)
@require_http_methods(["GET", "HEAD", "POST"])
@refusal_becomes_message
def provider_update(request: HttpRequest, pk: UUID) -> HttpResponse:
    provider, person = managed_provider(request, pk), person_of(request)
    form = ProviderUpdateForm(request.POST if request.method == "POST" else None, person=person, provider=provider)
    if form.is_valid():
        try:
            return _update(request, form)
        except ValidationError as error:
            form.add_service_errors(error)
        except StaleRevisionError as refusal:
            say_refusal(request, refusal)
            return _overtaken(request, form)
    return render(request, PAGE, {"form": form, "provider": provider})


def _update(request: HttpRequest, form: ProviderUpdateForm) -> HttpResponse:
    revision = form.cleaned_data["revision"]
    provider = update_provider(
        actor=actor_of(request), provider=form.provider, revision=revision, changes=form.changes(), target=form.target
    )
    if provider.revision == revision:
        messages.info(request, "Nothing was changed.")
    elif provider.deployed_at and provider.is_remote:
        messages.success(request, f"{provider.name} is changed. Redeploy it, so that its cluster follows.")
    else:
        messages.success(request, f"{provider.name} is changed.")
    return redirect("providers:provider_detail", pk=provider.pk)


def _overtaken(request: HttpRequest, form: ProviderUpdateForm) -> HttpResponse:
    """The present values in the form, and beside it what was typed."""
    provider = managed_provider(request, form.provider.pk)
    fresh = ProviderUpdateForm(person=person_of(request), provider=provider)
    return render(request, PAGE, {"form": fresh, "provider": provider, "lost_input": form.lost_input()})
