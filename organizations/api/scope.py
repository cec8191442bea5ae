"""Which organization or person a request is about: what one may not know of is not found."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from audit.services import actor_of
from coderadmin.api.callers import person_of
from organizations.models import Organization, User
from organizations.policies import (
    can_edit_account,
    can_read_users,
    is_site_manager,
    require,
    require_manage_members,
    require_site_manager,
)
from organizations.querysets import OrganizationQuerySet
from organizations.services.accounts import ONLY_ADMIN


def visible_organizations(request: HttpRequest) -> OrganizationQuerySet:
    """All for site managers, else those that one belongs to."""
    person = person_of(request)
    return Organization.objects.of_member(person, everything=is_site_manager(person))


def visible_organization(request: HttpRequest, pk: UUID) -> Organization:
    """With its counts. Raises Http404."""
    organization: Organization = get_object_or_404(visible_organizations(request).with_counts(), pk=pk)
    return organization


def managed_organization(request: HttpRequest, pk: UUID) -> Organization:
    """For those who change the organization itself. Raises Http404, PermissionDenied."""
    organization = visible_organization(request, pk)
    require_site_manager(actor_of(request))
    return organization


def peopled_organization(request: HttpRequest, pk: UUID) -> Organization:
    """For those who see and change who is in it. Raises Http404, PermissionDenied."""
    organization = visible_organization(request, pk)
    require_manage_members(actor_of(request), organization)
    return organization


def require_users(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    require(can_read_users(person_of(request)), "Only site managers and auditors see the list of people.")


def managed_user(request: HttpRequest, pk: UUID) -> User:
    """Raises PermissionDenied, Http404."""
    require_site_manager(actor_of(request))
    user: User = get_object_or_404(User.objects.with_memberships(), pk=pk)
    return user


def editable_user(request: HttpRequest, pk: UUID) -> User:
    """The same, for those who may change this account."""
    user = managed_user(request, pk)
    require(can_edit_account(person_of(request), user), ONLY_ADMIN)
    return user


def fresh_user(pk: UUID) -> User:
    """As stored now, with memberships."""
    return User.objects.with_memberships().get(pk=pk)
