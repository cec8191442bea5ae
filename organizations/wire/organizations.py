"""Organizations. Creating and deleting one: environments.wire."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import person_of
from coderadmin.wire.bodies import HOUR, Body, read
from coderadmin.wire.routes import Routes
from organizations.api.scope import managed_organization, visible_organization, visible_organizations
from organizations.errors import RefusedError
from organizations.forms import OrganizationForm
from organizations.services import set_default_organization, update_organization
from organizations.services.organizations import EDITABLE
from organizations.wire.shapes import member_shape, organization_shapes, visible_memberships

ALL, ONE = "api/v0/orgs", "api/v0/orgs/<uuid:pk>"
routes = Routes()


class OrganizationChange(Body):
    """Resources are given in full here: the rates of the original are taken when they are 1, or 0 for unset."""

    name: str | None = None
    description: str | None = None
    default: bool | None = None
    auto_off_threshold: int | None = None
    cpu_provisioning_rate: float | None = None
    memory_provisioning_rate: float | None = None

    def fields(self) -> dict[str, Any]:
        """Those of EDITABLE that were sent. Raises ValidationError."""
        rates = {name: getattr(self, name) for name in ("cpu_provisioning_rate", "memory_provisioning_rate")}
        if wrong := [name for name, rate in rates.items() if rate not in (None, 0, 1)]:
            raise ValidationError(dict.fromkeys(wrong, "Environments get what they ask for: only 1 is possible."))
        sent = {"name": self.name, "description": self.description}
        found: dict[str, Any] = {name: value for name, value in sent.items() if value is not None}
        if self.auto_off_threshold is not None:
            hours, rest = divmod(self.auto_off_threshold, HOUR)
            if rest:
                raise ValidationError({"auto_off_threshold": f"Send whole hours in milliseconds: {HOUR} each."})
            found["auto_off_hours"] = hours or None
        return found


@routes.add("GET", ALL)
def list_organizations(request: HttpRequest) -> list[dict[str, Any]]:
    return organization_shapes(visible_organizations(request), viewer=person_of(request))


@routes.add("GET", ONE)
def get_organization(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    found = organization_shapes(visible_organizations(request).filter(pk=pk), viewer=person_of(request))
    if not found:
        raise Http404
    return found[0]


@routes.add("GET", f"{ONE}/members")
def list_members(request: HttpRequest, pk: UUID) -> list[dict[str, Any]]:
    organization = visible_organization(request, pk)
    return [member_shape(each) for each in visible_memberships([organization], viewer=person_of(request))]


@routes.add("PATCH", ONE)
def change_organization(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    organization, actor = managed_organization(request, pk), actor_of(request)
    sent = read(request, OrganizationChange)
    stored = {name: getattr(organization, name) for name in EDITABLE}
    fields = sent.fields()
    form = checked(OrganizationForm(form_data(stored | fields), organization=organization))
    with transaction.atomic():
        update_organization(actor=actor, organization=organization, changes=form.changes(fields))
        if sent.default:
            set_default_organization(actor=actor, organization=organization)
        elif sent.default is False and organization.is_default:
            raise RefusedError("There is always a default organization.", remedy="Make another one the default.")
    return get_organization(request, pk)
