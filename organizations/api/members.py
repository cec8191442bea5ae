"""Who is in an organization: for site managers and for its own managers."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import ANYBODY
from coderadmin.api.paging import Page, PageQuery, SearchText, answer_page, page_of
from organizations import services
from organizations.api.schemas import MemberIn, MemberOut, MemberPatch
from organizations.api.scope import peopled_organization
from organizations.choices import OrganizationRole
from organizations.filters import words_of
from organizations.forms import MemberForm
from organizations.models import Membership, Organization

router = Router(auth=ANYBODY, tags=["Organizations"])


class MemberQuery(PageQuery):
    q: SearchText = ""


@router.get("/{uuid:organization_id}/members", response=Page[MemberOut])
def list_members(request: HttpRequest, organization_id: UUID, asked: Query[MemberQuery]) -> dict[str, Any]:
    """By e-mail."""
    organization = peopled_organization(request, organization_id)
    members = Membership.objects.of_organization(organization).search(words_of(request.GET))
    return answer_page(page_of(members, asked, by="user__email"))


@router.post("/{uuid:organization_id}/members", response={201: MemberOut})
def add_member(request: HttpRequest, organization_id: UUID, body: MemberIn) -> Membership:
    """By the whole e-mail of somebody who has an account."""
    organization = peopled_organization(request, organization_id)
    form = checked(MemberForm(form_data(body.model_dump())))
    role = OrganizationRole(form.cleaned_data["role"])
    return services.add_member(
        actor=actor_of(request), organization=organization, user=form.cleaned_data["email"], role=role
    )


@router.patch("/{uuid:organization_id}/members/{uuid:user_id}", response=MemberOut)
def set_member_role(request: HttpRequest, organization_id: UUID, user_id: UUID, body: MemberPatch) -> Membership:
    organization = peopled_organization(request, organization_id)
    user = _membership(organization, user_id).user
    services.set_member_role(actor=actor_of(request), organization=organization, user=user, role=body.role)
    return _membership(organization, user_id)


@router.delete("/{uuid:organization_id}/members/{uuid:user_id}", response={204: None})
def remove_member(request: HttpRequest, organization_id: UUID, user_id: UUID) -> None:
    """Refused while the person has environments there."""
    organization = peopled_organization(request, organization_id)
    user = _membership(organization, user_id).user
    services.remove_member(actor=actor_of(request), organization=organization, user=user)


def _membership(organization: Organization, user_id: UUID) -> Membership:
    members = Membership.objects.of_organization(organization)
    membership: Membership = get_object_or_404(members, user=user_id)
    return membership
