"""Changing who is in an organization: for site managers and for the managers of that organization."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from audit.services import actor_of
from organizations.choices import OrganizationRole
from organizations.errors import RefusedError
from organizations.forms import MemberForm, MemberRoleForm
from organizations.models import Membership, Organization
from organizations.policies import can_manage_members
from organizations.services import add_member, remove_member, set_member_role
from organizations.services.memberships import environments_of
from organizations.views.scope import ask_and_do, organization_refusal, visible_organization

MOST_NAMED = 50


@ask_and_do
@organization_refusal
def member_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    organization = visible_organization(request, pk)
    form = MemberForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        user = form.cleaned_data["email"]
        try:
            role = OrganizationRole(form.cleaned_data["role"])
            add_member(actor=actor_of(request), organization=organization, user=user, role=role)
        except RefusedError as refusal:
            form.add_error("email", f"{refusal.message} {refusal.remedy}".strip())
        else:
            messages.success(request, f"{user} is in {organization.name}.")
            return redirect("organizations:organization_detail", pk=pk)
    return render(request, "organizations/member_form.html", {"form": form, "organization": organization})


@require_POST
@organization_refusal
def member_set_role(request: HttpRequest, pk: UUID, user: UUID) -> HttpResponse:
    organization = visible_organization(request, pk)
    membership = _membership(organization, user)
    form = MemberRoleForm(request.POST)
    if not form.is_valid():
        raise RefusedError("Choose one of the roles of an organization.")
    changed = set_member_role(
        actor=actor_of(request),
        organization=organization,
        user=membership.user,
        role=OrganizationRole(form.cleaned_data["role"]),
    )
    messages.success(request, f"{membership.user} is {changed.get_role_display().lower()} in {organization.name}.")
    return _after_change(request, organization)


@ask_and_do
@organization_refusal
def member_remove(request: HttpRequest, pk: UUID, user: UUID) -> HttpResponse:
    organization = visible_organization(request, pk)
    membership = _membership(organization, user)
    if request.method == "POST":
        remove_member(actor=actor_of(request), organization=organization, user=membership.user)
        messages.success(request, f"{membership.user} is no longer in {organization.name}.")
        return _after_change(request, organization)
    context = {
        "organization": organization,
        "member": membership.user,
        "environments": environments_of(membership.user, [organization])[:MOST_NAMED],
        "cancel_url": reverse("organizations:organization_detail", args=[pk]),
    }
    return render(request, "organizations/member_confirm_remove.html", context)


def _membership(organization: Organization, user: UUID) -> Membership:
    return get_object_or_404(Membership.objects.select_related("user"), organization=organization, user=user)


def _after_change(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Back to the organization, or to the first page for a manager who has just left it."""
    if not can_manage_members(request.user, organization):
        return redirect("organizations:home")
    return redirect("organizations:organization_detail", pk=organization.pk)
