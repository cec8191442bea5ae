"""Which organization or person a request is about, whether its sender may touch it, and how a refusal reads."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from audit.services import actor_of
from organizations.errors import RefusedError
from organizations.models import Organization, User
from organizations.policies import (
    can_edit_account,
    can_read_organizations,
    can_read_users,
    is_site_manager,
    require,
    require_site_manager,
)
from organizations.querysets import OrganizationQuerySet
from organizations.services.accounts import ONLY_ADMIN

View = Callable[..., HttpResponse]

ask_and_do = require_http_methods(["GET", "HEAD", "POST"])


def person_of(request: HttpRequest) -> User:
    """The signed-in person; LoginRequiredMiddleware has let nobody else through."""
    assert isinstance(request.user, User)  # noqa: S101 - for the type checker
    return request.user


def visible_organizations(request: HttpRequest) -> OrganizationQuerySet:
    """All for site managers, theirs for organization managers. Raises PermissionDenied for everybody else."""
    person = person_of(request)
    require(can_read_organizations(person), "Only site managers and organization managers see these pages.")
    return Organization.objects.managed_by(person, everything=is_site_manager(person))


def visible_organization(request: HttpRequest, pk: UUID) -> Organization:
    """With its counts; who may see it may also change its members. Raises PermissionDenied, Http404."""
    return get_object_or_404(visible_organizations(request).with_counts(), pk=pk)


def managed_organization(request: HttpRequest, pk: UUID) -> Organization:
    """The same, for those who may change the organization itself."""
    organization = visible_organization(request, pk)
    require_site_manager(actor_of(request))
    return organization


def managed_user(request: HttpRequest, pk: UUID) -> User:
    """Raises PermissionDenied, Http404."""
    require_users(request)
    require_site_manager(actor_of(request))
    return get_object_or_404(User.objects.with_memberships(), pk=pk)


def editable_user(request: HttpRequest, pk: UUID) -> User:
    """The same, for those who may change this account."""
    user = managed_user(request, pk)
    require(can_edit_account(person_of(request), user), ONLY_ADMIN)
    return user


def require_users(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    require(can_read_users(person_of(request)), "Only site managers and auditors see the list of people.")


def refusal_leads_to(page: View) -> Callable[[View], View]:
    """A decorator: a rule that forbids an action becomes a message on `page`, which takes the view's arguments."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, **arguments: Any) -> HttpResponse:
            try:
                return view(request, **arguments)
            except RefusedError as refusal:
                say_refusal(request, refusal)
                return page(request, **arguments)

        return wrapped

    return decorate


def _page_or_list(model: type[Organization | User], route: str) -> View:
    """The list when the thing itself is gone."""

    def page(request: HttpRequest, pk: UUID, **more: UUID) -> HttpResponse:
        if model._default_manager.filter(pk=pk).exists():
            return redirect(f"{route}_detail", pk=pk)
        return redirect(f"{route}_list")

    return page


organization_refusal = refusal_leads_to(_page_or_list(Organization, "organizations:organization"))
user_refusal = refusal_leads_to(_page_or_list(User, "organizations:user"))


def say_refusal(request: HttpRequest, refusal: RefusedError) -> None:
    messages.error(request, f"{refusal.message} {refusal.remedy}".strip())
