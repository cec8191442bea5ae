"""Providers: the list, one, a new one, and editing it."""

from typing import Any, Literal, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from ninja import Query, Router

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data, sent_fields
from coderadmin.api.callers import ABOUT_PROVIDERS, person_of
from coderadmin.api.paging import Page, PageQuery, SearchText, answer_page, page_of
from coderadmin.api.revisions import IF_MATCH, asked_revision, tag
from organizations.filters import words_of
from providers import services
from providers.api.schemas import (
    OperationOut,
    ProviderIn,
    ProviderOut,
    ProviderPatch,
    RegisteredOut,
    operation_out,
    provider_out,
)
from providers.api.scope import managed_provider, usable_provider, visible_providers
from providers.api.tokens import hand_over
from providers.choices import CredentialKind
from providers.confirmations import require_out_of_reach
from providers.filters import ProviderFilter
from providers.forms import ProviderForm, ProviderUpdateForm
from providers.forms.credential import KEEP
from providers.forms.provider import PROVIDER_FIELDS
from providers.models import WorkspaceProvider
from providers.policies import can_view, require_manage
from providers.scheduling import SCHEDULING

router = Router(auth=ABOUT_PROVIDERS, tags=["Workspace providers"])

FIXED = {"hostname", "cluster_address", "namespace", "way", "kubeconfig", "context", "ca_pem", "token"}
AnyProviderForm = TypeVar("AnyProviderForm", bound=ProviderForm)
OWN = "This deployment's own; it can't be changed here."


class ProviderQuery(PageQuery):
    q: SearchText = ""
    status: Literal["ready", "error", "pending", "cordoned"] | None = None


@router.get("", response=Page[ProviderOut])
def list_providers(request: HttpRequest, asked: Query[ProviderQuery]) -> dict[str, Any]:
    """By name. All for site managers and auditors; else those that one of your organizations may use."""
    wanted = ProviderFilter(text=words_of(request.GET), status=asked.status or "")
    visible, in_full = visible_providers(request), can_view(person_of(request))
    found = wanted.searched(visible) if in_full else visible.search_as_user(wanted.text)
    page, cursor = page_of(wanted.narrowed(found), asked, by=Lower("name"))
    return answer_page(([provider_out(provider, in_full=in_full) for provider in page], cursor))


@router.post("", response={201: RegisteredOut})
@sensitive_variables()
def register_provider(request: HttpRequest, response: HttpResponse, body: ProviderIn) -> dict[str, Any]:
    """In one of three ways: kubeconfig, fields, enrolment. With the last one the answer has the token, this once."""
    actor = actor_of(request)
    require_manage(actor)
    form = _checked(ProviderForm(form_data(body.model_dump(), as_json=SCHEDULING), person=person_of(request)))
    with transaction.atomic():
        provider = services.register_provider(actor=actor, registration=form.registration(), target=form.target)
        enrols = provider.credential_kind == CredentialKind.ENROLMENT
        enrolment = hand_over(actor, provider) if enrols else None
    response["Location"] = reverse("api:get_provider", args=[provider.pk])
    return _answer(request, response, provider.pk) | {"enrolment": enrolment}


@router.get("/{uuid:provider_id}", response=ProviderOut)
def get_provider(request: HttpRequest, response: HttpResponse, provider_id: UUID) -> dict[str, Any]:
    """The ETag goes into If-Match of a change."""
    return _answer(request, response, provider_id)


@router.patch("/{uuid:provider_id}", response=ProviderOut, openapi_extra=IF_MATCH)
@sensitive_variables()
def update_provider(
    request: HttpRequest, response: HttpResponse, provider_id: UUID, body: ProviderPatch
) -> dict[str, Any]:
    """What is left out stays as it is. With If-Match, 412 when somebody else changed the provider meanwhile."""
    provider, sent = managed_provider(request, provider_id), sent_fields(body)
    if provider.built_in and (fixed := FIXED & sent.keys()):
        raise ValidationError(dict.fromkeys(sorted(fixed), OWN))
    revision = asked_revision(request, provider.revision)
    stored = {name: getattr(provider, name) for name in PROVIDER_FIELDS} | {"way": KEEP, "revision": revision}
    data = form_data(sent, over=stored, as_json=SCHEDULING)
    form = _checked(ProviderUpdateForm(data, person=person_of(request), provider=provider))
    services.update_provider(
        actor=actor_of(request), provider=provider, revision=revision, changes=form.changes(), target=form.target
    )
    return _answer(request, response, provider_id)


@router.delete("/{uuid:provider_id}", response={202: OperationOut})
def delete_provider(request: HttpRequest, provider_id: UUID, leave_release: bool = False) -> dict[str, Any]:
    """Uninstalls the release first. `leave_release`: for a cluster that is out of reach; what is there stays there."""
    provider = managed_provider(request, provider_id)
    if leave_release:
        require_out_of_reach(provider)
    return operation_out(
        services.request_delete(actor=actor_of(request), provider=provider, leave_release=leave_release)
    )


def _checked(form: AnyProviderForm) -> AnyProviderForm:
    """As `checked`; names the contexts that there are to choose from."""
    if not form.is_valid() and form.has_error("context"):
        form.add_error("context", f"It has: {', '.join(context.name for context in form.contexts)}.")
    return checked(form)


def _answer(request: HttpRequest, response: HttpResponse, pk: UUID) -> dict[str, Any]:
    """As it is now."""
    provider: WorkspaceProvider = usable_provider(request, pk)
    tag(response, provider.revision)
    return provider_out(provider, in_full=can_view(person_of(request)))
