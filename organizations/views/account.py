"""The first page, the own account, and its password."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from audit.services import actor_of
from organizations.errors import RefusedError
from organizations.forms import PasswordForm
from organizations.models import Membership
from organizations.policies import May, allows
from organizations.services import change_password
from organizations.views.scope import person_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if allows(request.user, May.SEE_PROVIDERS):
        return redirect("providers:provider_list")
    return redirect("environments:environment_list")


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return render(request, "organizations/account.html", {"memberships": _memberships(request)})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    user = person_of(request)
    form = PasswordForm(request.POST or None, user=user, request=request)
    if not form.is_valid():
        return render(request, "registration/password_change.html", {"form": form})
    try:
        change_password(actor=actor_of(request), user=user, password=form.cleaned_data["new"])
    except RefusedError as refusal:
        form.add_error(None, f"{refusal.message} {refusal.remedy}")
        return render(request, "registration/password_change.html", {"form": form})
    update_session_auth_hash(request, user)
    messages.success(request, "Your password is changed. You are signed out everywhere else.")
    return redirect("organizations:account")


def _memberships(request: HttpRequest) -> QuerySet[Membership]:
    return person_of(request).memberships.select_related("organization").order_by("organization__name")
