"""Which actions a provider's card offers, and why one is not possible now. The services decide again."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from providers.choices import ProviderStatus
from providers.details import ProviderDetails
from providers.models import WorkspaceProvider

DEPLOY, REDEPLOY, HELM_COMMAND = "Deploy", "Redeploy", "Helm command"
NO_CREDENTIAL = "it has not called home yet, so we hold no credential for its cluster."


@dataclass(frozen=True, kw_only=True)
class Action:
    """A link to the page of an action. `refusal` ends the sentence “Deploy: …” when it is not possible now."""

    label: str
    url: str
    refusal: str = ""
    dangerous: bool = False


def actions_of(provider: WorkspaceProvider, details: ProviderDetails) -> list[Action]:
    """In the order of the row; what makes no sense for this provider is left out."""
    return list(_actions(provider, details))


def check_refusal(details: ProviderDetails) -> str:
    return "" if details.has_credential else NO_CREDENTIAL


def _actions(provider: WorkspaceProvider, details: ProviderDetails) -> Iterator[Action]:
    def action(label: str, view: str, refusal: str = "", *, dangerous: bool = False) -> Action:
        url = reverse(f"providers:{view}", args=[provider.pk])
        return Action(label=label, url=url, refusal=refusal, dangerous=dangerous)

    busy = _busy(details)
    cluster_refusal = check_refusal(details) or busy
    yield action("Edit", "provider_update")
    yield action("Allowlist", "provider_allowlist")
    yield action("Pre-flight", "provider_preflight", cluster_refusal)
    if provider.is_remote:
        yield action(REDEPLOY if provider.deployed_at else DEPLOY, "provider_deploy", cluster_refusal)
    if not provider.is_default:
        yield action("Make default", "provider_set_default", _default_refusal(provider))
    if provider.is_cordoned:
        yield action("Uncordon", "provider_uncordon")
    else:
        yield action("Cordon", "provider_cordon")
    if provider.is_remote:
        yield action("Rotate token", "provider_rotate_token")
        yield action(HELM_COMMAND, "provider_command")
        yield action("Delete", "provider_delete", busy or _delete_refusal(provider), dangerous=True)


def _busy(details: ProviderDetails) -> str:
    operation = details.active_operation
    return f"{operation.get_kind_display()} by {operation.requested_by_name} is under way." if operation else ""


def _default_refusal(provider: WorkspaceProvider) -> str:
    if provider.is_cordoned:
        return "a cordoned provider can't be it."
    if provider.status != ProviderStatus.READY:
        return "only a provider that is ready can be it."
    return ""


def _delete_refusal(provider: WorkspaceProvider) -> str:
    return "make another provider the default first." if provider.is_default else ""
