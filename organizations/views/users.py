"""The list of people, one person, and a new one."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from organizations.actions import user_actions
from organizations.choices import SiteRole
from organizations.errors import RefusedError
from organizations.filters import STATES, USER_SORT_LABELS, UserFilter
from organizations.forms import UserForm
from organizations.forms.errors import add_service_errors
from organizations.models import User
from organizations.policies import is_site_manager, require_site_manager
from organizations.services import create_user
from organizations.views.passwords import show_once
from organizations.views.scope import ask_and_do, managed_user, person_of, require_users

PAGE_SIZE = 50


@require_safe
def user_list(request: HttpRequest) -> HttpResponse:
    require_users(request)
    wanted = UserFilter.from_query(request.GET)
    context = {
        "page": Paginator(wanted.narrowed(User.objects.with_memberships()), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        "filter": wanted,
        "sorts": USER_SORT_LABELS.items(),
        "roles": SiteRole.choices,
        "states": STATES.items(),
        "can_manage": is_site_manager(request.user),
    }
    if wants_partial(request):
        return render(request, "organizations/partials/user_results.html", context)
    return render(request, "organizations/user_list.html", context)


@require_safe
def user_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = managed_user(request, pk)
    context = {
        "account": user,
        "actions": user_actions(person_of(request), user),
        "environment_count": user.environments.count(),
    }
    return render(request, "organizations/user_detail.html", context)


@never_cache
@ask_and_do
@sensitive_variables()
def user_create(request: HttpRequest) -> HttpResponse:
    require_users(request)
    require_site_manager(actor_of(request))
    form = UserForm(request.POST if request.method == "POST" else None, person=person_of(request))
    if form.is_valid():
        wanted = form.cleaned_data | {"site_role": SiteRole(form.cleaned_data["site_role"])}
        try:
            user, password = create_user(actor=actor_of(request), **wanted)
        except ValidationError as error:
            add_service_errors(form, error)
        except RefusedError as refusal:
            form.add_error(None, f"{refusal.message} {refusal.remedy}".strip())
        else:
            return show_once(request, user, password, is_new=True) if password else _invited(request, user)
    return render(request, "organizations/user_form.html", {"form": form, "sends_mail": settings.SENDS_MAIL})


def _invited(request: HttpRequest, user: User) -> HttpResponse:
    messages.success(request, f"{user} has an account. An invitation is sent to {user.email}.")
    return redirect("organizations:user_detail", pk=user.pk)
