"""Creating and deleting an organization: on the routes of organizations.api, which can't reach environments."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data
from environments.api.schemas import OrganizationImpactOut
from environments.services import organizations as services
from environments.services.organizations import OrganizationImpact, organization_impact
from organizations.api.organizations import router
from organizations.api.schemas import OrganizationIn, OrganizationOut
from organizations.api.scope import managed_organization, visible_organization
from organizations.forms import OrganizationCreateForm
from organizations.models import Organization
from organizations.policies import require_site_manager


@router.post("", response={201: OrganizationOut})
def create_organization(request: HttpRequest, response: HttpResponse, body: OrganizationIn) -> Organization:
    """It may use the built-in provider at once."""
    actor = actor_of(request)
    require_site_manager(actor)
    form = checked(OrganizationCreateForm(form_data(body.model_dump())))
    is_default = form.cleaned_data["is_default"]
    organization = services.create_organization(actor=actor, fields=form.changes(), is_default=is_default)
    response["Location"] = reverse("api:get_organization", args=[organization.pk])
    return visible_organization(request, organization.pk)


@router.get("/{uuid:organization_id}/impact", response=OrganizationImpactOut)
def get_organization_impact(request: HttpRequest, organization_id: UUID) -> OrganizationImpact:
    """What deleting it would move to the default organization. Nothing is changed."""
    return organization_impact(managed_organization(request, organization_id))


@router.delete("/{uuid:organization_id}", response=OrganizationImpactOut)
def delete_organization(request: HttpRequest, organization_id: UUID) -> OrganizationImpact:
    """Its people and environments move to the default organization; the answer says how many."""
    organization = managed_organization(request, organization_id)
    return services.delete_organization(actor=actor_of(request), organization=organization)
