"""Who may do what with people and organizations (reference, section B); the other apps build their rules on these."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet

from audit.services import Actor
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Organization, User

Visitor = AbstractBaseUser | AnonymousUser | None
"""Whoever sends a request, signed in or not; None where there is no request."""

MANAGING_ROLES = frozenset({SiteRole.ADMIN, SiteRole.MANAGER})
SUPPORT_STAFF = "Support staff"
"""The group whose permissions say what is seen at /support/; a migration makes it."""


def has_site_role(user: Visitor, roles: frozenset[SiteRole]) -> bool:
    return isinstance(user, User) and user.is_active and user.site_role in roles


def is_site_admin(user: Visitor) -> bool:
    return has_site_role(user, frozenset({SiteRole.ADMIN}))


def is_site_manager(user: Visitor) -> bool:
    """The site admin and the site managers: they run the deployment."""
    return has_site_role(user, MANAGING_ROLES)


def can_read_providers(user: Visitor) -> bool:
    """Those who manage providers, and the auditors, who look but do not touch."""
    return has_site_role(user, MANAGING_ROLES | {SiteRole.AUDITOR})


def is_signed_in(user: Visitor) -> bool:
    return isinstance(user, User) and user.is_active


def can_use_support(user: Visitor) -> bool:
    """Support staff. It is no site role, and comes with none: it opens /support/ and nothing else."""
    return bool(_support_permissions(user))


def can_look_at(user: Visitor, model: type[Model]) -> bool:
    """Whether support staff see the rows of `model`."""
    return (model._meta.app_label, f"view_{model._meta.model_name}") in _support_permissions(user)


def _support_permissions(user: Visitor) -> frozenset[tuple[str, str]]:
    """Those of the group, for people in it, whatever other flags they have. One query for a person, then none."""
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return frozenset()
    if "_support_permissions" not in vars(user):
        granted = Permission.objects.filter(group__name=SUPPORT_STAFF, group__user=user)
        vars(user)["_support_permissions"] = frozenset(granted.values_list("content_type__app_label", "codename"))
    found: frozenset[tuple[str, str]] = vars(user)["_support_permissions"]
    return found


def can_read_users(user: Visitor) -> bool:
    """The list of people. What is on the page of one person is for site managers."""
    return has_site_role(user, MANAGING_ROLES | {SiteRole.AUDITOR})


def can_edit_account(user: Visitor, account: User) -> bool:
    """Site managers those of auditors and members, the site admin every one."""
    return is_site_admin(user) or (is_site_manager(user) and account.site_role not in MANAGING_ROLES)


def can_invite(user: Visitor, account: User) -> bool:
    """Have the invitation sent again: it goes to the person, and nobody else sees the link."""
    return can_edit_account(user, account) or can_use_support(user)


def can_end_tokens(user: Visitor, account: User) -> bool:
    """See and end the API tokens of an account: one's own, and the site admin everybody's."""
    return is_signed_in(user) and (user == account or is_site_admin(user))


def can_read_audit(user: Visitor) -> bool:
    """Who did what: for those who run the deployment, and for the auditors."""
    return has_site_role(user, MANAGING_ROLES | {SiteRole.AUDITOR})


def roles_to_give(user: Visitor) -> list[SiteRole]:
    """Only the site admin makes site managers, and nobody a second site admin."""
    if is_site_admin(user):
        return [SiteRole.MEMBER, SiteRole.AUDITOR, SiteRole.MANAGER]
    return [SiteRole.MEMBER, SiteRole.AUDITOR] if is_site_manager(user) else []


def can_read_organizations(user: Visitor) -> bool:
    """Site managers all of them, organization managers theirs. At most one query."""
    return is_site_manager(user) or _manages(user).exists()


def can_manage_members(user: Visitor, organization: Organization) -> bool:
    """At most one query."""
    return is_site_manager(user) or _manages(user).filter(pk=organization.pk).exists()


def _manages(user: Visitor) -> QuerySet[Organization]:
    if not isinstance(user, User) or not user.is_active:
        return Organization.objects.none()
    return Organization.objects.filter(memberships__user=user, memberships__role=OrganizationRole.MANAGER)


def require_site_manager(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or is_site_manager(actor.user)
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
    require(actor.user == account, "Only the person makes its API tokens.")


def require_manage_members(actor: Actor, organization: Organization) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_manage_members(actor.user, organization)
    require(allowed, "Only those who manage the organization may change who is in it.")


def require(allowed: bool, sentence: str) -> None:
    """Raise PermissionDenied with `sentence`, which the page shows to the person, unless `allowed`."""
    if not allowed:
        raise PermissionDenied(sentence)
