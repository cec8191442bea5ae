"""What can be done to the account of another person."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from audit.services import actor_of
from organizations import confirmations
from organizations.choices import SiteRole
from organizations.errors import RefusedError
from organizations.forms import SiteRoleForm, UserOrganizationsForm
from organizations.models import User
from organizations.services import (
    activate_user,
    deactivate_user,
    resend_invitation,
    reset_password,
    set_organizations,
    set_site_role,
)
from organizations.services.invitations import require_open
from organizations.views.passwords import show_once
from organizations.views.scope import ask_and_do, editable_user, managed_user, person_of, user_refusal


@ask_and_do
@user_refusal
def user_set_site_role(request: HttpRequest, pk: UUID) -> HttpResponse:
    user, person = editable_user(request, pk), person_of(request)
    form = SiteRoleForm(request.POST if request.method == "POST" else None, person=person, user=user)
    if not form.is_valid():
        context = {"form": form, "account": user, "title": f"Site role of {user}", "word": "Site role"}
        return render(request, "organizations/user_change.html", context)
    changed = set_site_role(actor=actor_of(request), user=user, site_role=SiteRole(form.cleaned_data["site_role"]))
    messages.success(request, f"The site role of {user} is {changed.get_site_role_display().lower()}.")
    return redirect("organizations:user_detail", pk=pk)


@ask_and_do
@user_refusal
def user_set_organizations(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = managed_user(request, pk)
    form = UserOrganizationsForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        try:
            set_organizations(actor=actor_of(request), user=user, organizations=form.cleaned_data["organizations"])
        except RefusedError as refusal:
            form.add_error("organizations", f"{refusal.message} {refusal.remedy}".strip())
        else:
            messages.success(request, f"The organizations of {user} are saved.")
            return redirect("organizations:user_detail", pk=pk)
    context = {"form": form, "account": user, "title": f"Organizations of {user}", "word": "Organizations"}
    return render(request, "organizations/user_change.html", context)


@ask_and_do
@user_refusal
def user_deactivate(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = editable_user(request, pk)
    if request.method != "POST":
        return _confirm(request, user, confirmations.of_deactivation(user))
    deactivate_user(actor=actor_of(request), user=user)
    messages.success(request, f"The account of {user} is deactivated.")
    return redirect("organizations:user_detail", pk=pk)


@ask_and_do
@user_refusal
def user_activate(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = editable_user(request, pk)
    if request.method != "POST":
        return _confirm(request, user, confirmations.of_activation(user))
    activate_user(actor=actor_of(request), user=user)
    messages.success(request, f"The account of {user} is active.")
    return redirect("organizations:user_detail", pk=pk)


@never_cache
@ask_and_do
@user_refusal
@sensitive_variables()
def user_reset_password(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = editable_user(request, pk)
    if request.method != "POST":
        return _confirm(request, user, confirmations.of_password_reset(user))
    return show_once(request, user, reset_password(actor=actor_of(request), user=user), is_new=False)


@ask_and_do
@user_refusal
def user_invite(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = editable_user(request, pk)
    if request.method != "POST":
        require_open(user)
        return _confirm(request, user, confirmations.of_invitation(user))
    resend_invitation(actor=actor_of(request), user=user)
    messages.success(request, f"The invitation is sent to {user.email} again.")
    return redirect("organizations:user_detail", pk=pk)


def _confirm(request: HttpRequest, user: User, confirmation: confirmations.Confirmation) -> HttpResponse:
    cancel_url = reverse("organizations:user_detail", args=[user.pk])
    return render(request, "confirm.html", confirmation.__dict__ | {"cancel_url": cancel_url})
