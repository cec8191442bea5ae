"""Who may do what with people and organizations, by `permissions.MATRIX`; the other apps have rules of their own."""

from collections.abc import Callable
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet

from audit.services import Actor
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Organization, User
from organizations.permissions import SUPPORT_STAFF, Ground, May, Visitor, allows, support_permissions

__all__ = ["SUPPORT_STAFF", "Ground", "May", "Visitor", "allows"]

MANAGING_ROLES = frozenset({SiteRole.ADMIN, SiteRole.MANAGER})


def is_site_manager(user: Visitor) -> bool:
    """The site admin and the site managers: they run the deployment."""
    return allows(user, May.SEE_EVERYTHING)


def is_signed_in(user: Visitor) -> bool:
    return isinstance(user, User) and user.is_active


def whoever_may(permission: May) -> Callable[[Visitor], bool]:
    return partial(allows, permission=permission)


def can_use_support(user: Visitor) -> bool:
    """Support staff. It is no site role, and comes with none: it opens /support/ and nothing else."""
    return allows(user, May.HELP)


def can_look_at(user: Visitor, model: type[Model]) -> bool:
    """Whether support staff see the rows of `model`."""
    return (model._meta.app_label, f"view_{model._meta.model_name}") in support_permissions(user)


def can_read_users(user: Visitor) -> bool:
    """The list of people. What is on the page of one person is for site managers."""
    return allows(user, May.LIST_USERS)


def can_edit_account(user: Visitor, account: User) -> bool:
    return allows(user, May.EDIT_MANAGER if account.site_role in MANAGING_ROLES else May.EDIT_ACCOUNT)


def can_invite(user: Visitor, account: User) -> bool:
    """Have the invitation sent again: it goes to the person, and nobody else sees the link."""
    return can_edit_account(user, account) or allows(user, May.SEND_INVITATION)


def can_end_tokens(user: Visitor, account: User) -> bool:
    return allows(user, May.END_TOKENS, {Ground.OWNER: lambda: user == account})


def can_read_audit(user: Visitor) -> bool:
    """Who did what: for those who run the deployment, and for the auditors."""
    return allows(user, May.READ_AUDIT)


def roles_to_give(user: Visitor) -> list[SiteRole]:
    """Nobody makes a second site admin."""
    if allows(user, May.EDIT_MANAGER):
        return [SiteRole.MEMBER, SiteRole.AUDITOR, SiteRole.MANAGER]
    return [SiteRole.MEMBER, SiteRole.AUDITOR] if allows(user, May.EDIT_ACCOUNT) else []


def can_read_organizations(user: Visitor) -> bool:
    """Site managers all of them, organization managers theirs. At most one query."""
    return allows(user, May.SEE_ORGANIZATION, {Ground.ORGANIZATION_MANAGER: lambda: _manages(user).exists()})


def can_manage_members(user: Visitor, organization: Organization) -> bool:
    """At most one query."""
    return allows(user, May.MANAGE_MEMBERS, manager_of(user, organization))


def manager_of(user: Visitor, organization: Organization) -> dict[Ground, partial[bool]]:
    """For `allows`. One query, where it may decide."""
    return {Ground.ORGANIZATION_MANAGER: partial(_is_manager, user, organization)}


def _is_manager(user: Visitor, organization: Organization) -> bool:
    return _manages(user).filter(pk=organization.pk).exists()


def _manages(user: Visitor) -> QuerySet[Organization]:
    if not isinstance(user, User) or not user.is_active:
        return Organization.objects.none()
    return Organization.objects.filter(memberships__user=user, memberships__role=OrganizationRole.MANAGER)


def require_site_manager(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or allows(actor.user, May.MANAGE_PEOPLE)
    require(allowed, "Only site managers may change people and organizations.")


def require_support(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    require(actor.user is None or can_use_support(actor.user), "Only support staff may do that.")


def require_invite(actor: Actor, account: User) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_invite(actor.user, account)
    require(allowed, "Only site managers and support staff send an invitation again.")


def require_end_tokens(actor: Actor, account: User) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_end_tokens(actor.user, account)
    require(allowed, "Only the site admin sees and ends API tokens of others. Deactivating the account ends them, too.")


def require_own_tokens(actor: Actor, account: User) -> None:
    """Raises PermissionDenied. Nobody makes tokens for another person."""
    allowed = allows(actor.user, May.MAKE_TOKENS, {Ground.OWNER: lambda: actor.user == account})
    require(allowed, "Only the person makes its API tokens.")


def require_manage_members(actor: Actor, organization: Organization) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_manage_members(actor.user, organization)
    require(allowed, "Only those who manage the organization may change who is in it.")


def require(allowed: bool, sentence: str) -> None:
    """Raise PermissionDenied with `sentence`, which the page shows to the person, unless `allowed`."""
    if not allowed:
        raise PermissionDenied(sentence)
