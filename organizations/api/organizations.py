"""Organizations: one's own, and all of them for site managers. Creating and deleting one: environments.api."""

from typing import Any
from uuid import UUID

from django.db.models.functions import Lower
from django.http import HttpRequest
from ninja import Query, Router

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data, sent_fields
from coderadmin.api.callers import ANYBODY
from coderadmin.api.paging import Page, PageQuery, SearchText, answer_page, page_of
from organizations import services
from organizations.api.schemas import OrganizationOut, OrganizationPatch
from organizations.api.scope import managed_organization, visible_organization, visible_organizations
from organizations.filters import OrganizationFilter, words_of
from organizations.forms import OrganizationForm
from organizations.models import Organization
from organizations.services.organizations import EDITABLE

router = Router(auth=ANYBODY, tags=["Organizations"])


class OrganizationQuery(PageQuery):
    q: SearchText = ""


@router.get("", response=Page[OrganizationOut])
def list_organizations(request: HttpRequest, asked: Query[OrganizationQuery]) -> dict[str, Any]:
    """By name."""
    rows = OrganizationFilter(text=words_of(request.GET)).narrowed(visible_organizations(request).with_counts())
    return answer_page(page_of(rows, asked, by=Lower("name")))


@router.get("/{uuid:organization_id}", response=OrganizationOut)
def get_organization(request: HttpRequest, organization_id: UUID) -> Organization:
    return visible_organization(request, organization_id)


@router.patch("/{uuid:organization_id}", response=OrganizationOut)
def update_organization(request: HttpRequest, organization_id: UUID, body: OrganizationPatch) -> Organization:
    """What is left out stays as it is; null takes a limit away."""
    organization = managed_organization(request, organization_id)
    stored = {name: getattr(organization, name) for name in EDITABLE}
    sent = sent_fields(body)
    form = checked(OrganizationForm(form_data(stored | sent), organization=organization))
    services.update_organization(actor=actor_of(request), organization=organization, changes=form.changes(sent))
    return visible_organization(request, organization_id)


@router.post("/{uuid:organization_id}/default", response=OrganizationOut)
def set_default_organization(request: HttpRequest, organization_id: UUID) -> Organization:
    organization = managed_organization(request, organization_id)
    services.set_default_organization(actor=actor_of(request), organization=organization)
    return visible_organization(request, organization_id)
