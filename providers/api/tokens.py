"""envproxy tokens and the Helm command, for those who run Helm themselves."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.debug import sensitive_variables
from ninja import Query, Router

from audit.services import Actor, actor_of
from coderadmin.api.callers import ABOUT_PROVIDERS
from coderadmin.api.paging import Page, PageQuery, answer_page, page_of
from providers import services
from providers.api.schemas import CommandOut, EnvproxyTokenOut, Handover
from providers.api.scope import managed_provider
from providers.errors import RefusedError
from providers.handover import helm_command, values_file, values_file_name
from providers.models import WorkspaceProvider

router = Router(auth=ABOUT_PROVIDERS, tags=["envproxy tokens"])


@sensitive_variables()
def hand_over(actor: Actor, provider: WorkspaceProvider) -> dict[str, str]:
    """A new token, with what brings it to the cluster."""
    token = services.rotate_envproxy_token(actor=actor, provider=provider)
    return {
        "token": str(token),
        "command": helm_command(provider),
        "values_file": values_file(provider, token),
        "values_file_name": values_file_name(provider),
    }


@router.get("/{uuid:provider_id}/tokens", response=Page[EnvproxyTokenOut])
def list_envproxy_tokens(request: HttpRequest, provider_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    """Newest first, also those that have ended. Their secrets are stored nowhere."""
    tokens = managed_provider(request, provider_id).envproxy_tokens.all()
    return answer_page(page_of(tokens, asked, descending=True))


@router.post("/{uuid:provider_id}/tokens", response={201: Handover})
@sensitive_variables()
def rotate_envproxy_token(request: HttpRequest, provider_id: UUID) -> dict[str, str]:
    """The old ones work until the new one is first used, at most a day."""
    return hand_over(actor_of(request), managed_provider(request, provider_id))


@router.delete("/{uuid:provider_id}/tokens", response={204: None})
def revoke_envproxy_tokens(request: HttpRequest, provider_id: UUID) -> None:
    """All of them: envproxy is refused from its next call on."""
    services.revoke_envproxy_tokens(actor=actor_of(request), provider=managed_provider(request, provider_id))


@router.delete("/{uuid:provider_id}/tokens/{int:token_id}", response={204: None})
def revoke_envproxy_token(request: HttpRequest, provider_id: UUID, token_id: int) -> None:
    provider = managed_provider(request, provider_id)
    token = get_object_or_404(provider.envproxy_tokens, pk=token_id)
    services.revoke_envproxy_tokens(actor=actor_of(request), provider=provider, token=token)


@router.get("/{uuid:provider_id}/command", response=CommandOut)
def get_helm_command(request: HttpRequest, provider_id: UUID) -> dict[str, str]:
    """It reads a values file, which comes with a new token."""
    provider = managed_provider(request, provider_id)
    if provider.built_in:
        raise RefusedError("The built-in provider has no release: it is this deployment's own cluster.")
    return {"command": helm_command(provider), "values_file_name": values_file_name(provider)}
