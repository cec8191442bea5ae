"""What can be done with a provider. Slow work answers 202 with its operation."""

from collections.abc import Callable
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import ABOUT_PROVIDERS
from coderadmin.api.revisions import tag
from providers import services
from providers.api.allowlist import impact_out
from providers.api.schemas import CordonIn, ImpactOut, OperationOut, ProviderOut, operation_out, provider_out
from providers.api.scope import managed_provider, read_provider
from providers.forms import CordonForm
from providers.impact import Impact, impact_of_closing_doors, impact_of_default
from providers.models import WorkspaceProvider

router = Router(auth=ABOUT_PROVIDERS, tags=["Workspace providers"])

IMPACTS: dict[str, Callable[[WorkspaceProvider], Impact]] = {
    "cordon": impact_of_closing_doors,
    "delete": impact_of_closing_doors,
    "default": impact_of_default,
}


@router.post("/{uuid:provider_id}/preflight", response={202: OperationOut})
def preflight_provider(request: HttpRequest, provider_id: UUID) -> dict[str, Any]:
    """Looks at the cluster and writes nothing; the findings are the lines of the operation's log."""
    provider = managed_provider(request, provider_id)
    return operation_out(services.request_preflight(actor=actor_of(request), provider=provider))


@router.post("/{uuid:provider_id}/deploy", response={202: OperationOut})
def deploy_provider(request: HttpRequest, provider_id: UUID) -> dict[str, Any]:
    """Installs or upgrades the Helm release, by a worker."""
    provider = managed_provider(request, provider_id)
    return operation_out(services.request_deploy(actor=actor_of(request), provider=provider))


@router.post("/{uuid:provider_id}/check", response={202: ProviderOut})
def check_provider(request: HttpRequest, response: HttpResponse, provider_id: UUID) -> dict[str, Any]:
    """Done once `last_check_at` is after `check_requested_at`."""
    services.request_check(actor=actor_of(request), provider=managed_provider(request, provider_id))
    return _answer(request, response, provider_id)


@router.post("/{uuid:provider_id}/default", response=ProviderOut)
def set_default_provider(request: HttpRequest, response: HttpResponse, provider_id: UUID) -> dict[str, Any]:
    services.set_default_provider(actor=actor_of(request), provider=managed_provider(request, provider_id))
    return _answer(request, response, provider_id)


@router.post("/{uuid:provider_id}/cordon", response=ProviderOut)
def cordon_provider(request: HttpRequest, response: HttpResponse, provider_id: UUID, body: CordonIn) -> dict[str, Any]:
    """No new environments from now on. Of a cordoned provider it changes nothing, whatever the reason."""
    provider = managed_provider(request, provider_id)
    form = checked(CordonForm(form_data(body.model_dump())))
    services.cordon_provider(actor=actor_of(request), provider=provider, reason=form.cleaned_data["reason"])
    return _answer(request, response, provider_id)


@router.post("/{uuid:provider_id}/uncordon", response=ProviderOut)
def uncordon_provider(request: HttpRequest, response: HttpResponse, provider_id: UUID) -> dict[str, Any]:
    services.uncordon_provider(actor=actor_of(request), provider=managed_provider(request, provider_id))
    return _answer(request, response, provider_id)


@router.get("/{uuid:provider_id}/impact", response=ImpactOut)
def get_provider_impact(
    request: HttpRequest, provider_id: UUID, of: Literal["cordon", "default", "delete"]
) -> dict[str, Any]:
    """Whom an action would concern. Nothing is changed."""
    return impact_out(IMPACTS[of](read_provider(request, provider_id)))


def _answer(request: HttpRequest, response: HttpResponse, pk: UUID) -> dict[str, Any]:
    """As it is now."""
    provider = read_provider(request, pk)
    tag(response, provider.revision)
    return provider_out(provider, in_full=True)
