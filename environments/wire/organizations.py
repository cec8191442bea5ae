"""Creating and deleting an organization, beside the rest in organizations.wire."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data
from coderadmin.wire.bodies import read
from coderadmin.wire.routes import Routes
from environments.services.organizations import create_organization, delete_organization
from organizations.api.scope import managed_organization
from organizations.forms import OrganizationCreateForm
from organizations.policies import require_site_manager
from organizations.wire.organizations import ALL, ONE, OrganizationChange, get_organization

routes = Routes()


@routes.add("POST", ALL, status=HTTPStatus.CREATED)
def create_new_organization(request: HttpRequest) -> dict[str, Any]:
    """Its environments go where their provider says: `resource_namespace` is left aside."""
    actor = actor_of(request)
    require_site_manager(actor)
    sent = read(request, OrganizationChange)
    form = checked(OrganizationCreateForm(form_data(sent.fields() | {"is_default": bool(sent.default)})))
    is_default = form.cleaned_data["is_default"]
    return get_organization(request, create_organization(actor=actor, fields=form.changes(), is_default=is_default).pk)


@routes.add("DELETE", ONE)
def delete_existing_organization(request: HttpRequest, pk: UUID) -> None:
    """Its people and environments move to the default organization."""
    delete_organization(actor=actor_of(request), organization=managed_organization(request, pk))
