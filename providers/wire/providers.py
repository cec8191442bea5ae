"""The calls of `coder providers`."""

from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from audit.services import actor_of
from coderadmin.api.bodies import checked
from coderadmin.api.callers import person_of
from coderadmin.wire.bodies import Body, read
from coderadmin.wire.routes import Routes
from organizations.models import Organization
from providers.choices import Access, CredentialKind
from providers.forms import CordonForm, ProviderForm
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.policies import can_view, require_manage
from providers.services import (
    change_allowlist,
    cordon_provider,
    register_provider,
    request_delete,
    rotate_envproxy_token,
    uncordon_provider,
    update_provider,
)
from providers.wire.scope import listed_provider, listed_providers, managed_provider

ALL, ONE = "api/private/resource-pools", "api/private/resource-pools/<uuid:pk>"
CLUSTER_DOMAIN_SUFFIX = ".svc.cluster.local"
USUAL_NAMESPACE = "coder"
routes = Routes(about_providers=True)


class NewProvider(Body):
    """`namespace` is ours: the original client leaves it to Helm's context, and the first beat tells it."""

    name: str
    type: Literal["kubernetes"] = "kubernetes"
    hostname: str
    cluster_address: str
    namespace: str = USUAL_NAMESPACE


class ProviderChange(Body):
    name: str | None = None
    org_whitelist: list[UUID] | None = None


class Cordon(Body):
    reason: str = ""


@routes.add("GET", ALL)
def list_providers(request: HttpRequest) -> dict[str, Any]:
    return {"kubernetes": _shapes(request, list(listed_providers(request)))}


@routes.add("GET", ONE)
def get_provider(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    return _shapes(request, [listed_provider(request, pk)])[0]


@routes.add("POST", ALL, status=HTTPStatus.CREATED)
@sensitive_variables()
def create_provider(request: HttpRequest) -> dict[str, str]:
    """It enrols: the answer has the token that the printed Helm command brings to the cluster, this once."""
    actor = actor_of(request)
    require_manage(actor)
    sent = read(request, NewProvider)
    data = sent.model_dump() | {"way": CredentialKind.ENROLMENT, "ssh_enabled": True, "envproxy_replicas": 1}
    form = checked(ProviderForm(data, person=person_of(request)))
    with transaction.atomic():
        provider = register_provider(actor=actor, registration=form.registration(), target=form.target)
        token = rotate_envproxy_token(actor=actor, provider=provider)
    answer = {"id": str(provider.pk), "name": provider.name, "status": provider.status}
    return answer | {"envproxy_token": str(token)}


@routes.add("PATCH", ONE)
def change_provider(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """Name, allowlist, or both; all or nothing. An organization that is not named loses its access."""
    provider, actor, sent = managed_provider(request, pk), actor_of(request), read(request, ProviderChange)
    with transaction.atomic():
        if sent.name is not None:
            changes = {"name": sent.name.strip()}
            update_provider(actor=actor, provider=provider, revision=provider.revision, changes=changes)
        if sent.org_whitelist is not None:
            change_allowlist(actor=actor, wishes=_wishes(provider, sent.org_whitelist))
    return get_provider(request, pk)


@routes.add("POST", f"{ONE}/cordon")
def cordon(request: HttpRequest, pk: UUID) -> None:
    provider = managed_provider(request, pk)
    form = checked(CordonForm(read(request, Cordon).model_dump()))
    cordon_provider(actor=actor_of(request), provider=provider, reason=form.cleaned_data["reason"])


@routes.add("POST", f"{ONE}/uncordon")
def uncordon(request: HttpRequest, pk: UUID) -> None:
    uncordon_provider(actor=actor_of(request), provider=managed_provider(request, pk))


@routes.add("DELETE", ONE)
def delete_provider(request: HttpRequest, pk: UUID) -> dict[str, str]:
    """A worker uninstalls its release first: it is gone from the list when that is done."""
    operation = request_delete(actor=actor_of(request), provider=managed_provider(request, pk))
    return {"operation": str(operation.pk)}


def _wishes(provider: WorkspaceProvider, organizations: list[UUID]) -> dict[tuple[UUID, UUID], Access]:
    """What is closing for an organization that is named stays closing. Raises ValidationError for unknown ones."""
    wanted = set(organizations)
    if Organization.objects.filter(pk__in=wanted).count() < len(wanted):
        raise ValidationError({"org_whitelist": "One of these is no organization."})
    present = set(AllowlistEntry.objects.filter(provider=provider).values_list("organization", flat=True))
    gone = {(provider.pk, organization): Access.NONE for organization in present - wanted}
    return gone | {(provider.pk, organization): Access.OPEN for organization in wanted - present}


def _shapes(request: HttpRequest, providers: list[WorkspaceProvider]) -> list[dict[str, Any]]:
    """One query. Those who only use providers see their own organizations on the allowlists."""
    person = person_of(request)
    entries = AllowlistEntry.objects.filter(provider__in=providers).order_by("organization__name")
    if not can_view(person):
        entries = entries.filter(organization__memberships__user=person)
    allowed: dict[UUID, list[str]] = {}
    for provider, organization in entries.values_list("provider", "organization"):
        allowed.setdefault(provider, []).append(str(organization))
    return [_shape(provider, allowed.get(provider.pk, [])) for provider in providers]


def _shape(provider: WorkspaceProvider, organizations: list[str]) -> dict[str, Any]:
    """`built_in` is what the client takes when nobody names a provider: the default (docs/decisions.md)."""
    return {
        "id": str(provider.pk),
        "name": provider.name,
        "status": provider.status,
        "built_in": provider.is_default,
        "envproxy_access_url": provider.envproxy_access_url,
        "devurl_host": provider.devurl_host,
        "org_whitelist": organizations,
        "enable_net_v2": False,
        "config": {
            "cluster_address": provider.cluster_address,
            "default_namespace": provider.namespace,
            "storage_class": provider.storage_class,
            "cluster_domain_suffix": CLUSTER_DOMAIN_SUFFIX,
            "ssh_enabled": provider.ssh_enabled,
        },
    }
