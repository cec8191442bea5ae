"""Who may do what, as data: the matrices of the reference's section B, and the rows of DESIGN 3 on workspace providers.

The policies of each app ask `allows`; nothing else decides. What follows for each address is in docs/permissions.md.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Permission

from organizations.choices import SiteRole
from organizations.models import User

Visitor = AbstractBaseUser | AnonymousUser | None
"""Whoever sends a request, signed in or not; None where there is no request."""

SUPPORT_STAFF = "Support staff"
"""The group whose permissions say what is seen at /support/; a migration makes it."""


class Ground(StrEnum):
    """Why somebody may: the site role, being support staff, or what the person is to the thing in question."""

    ADMIN = "site admin"
    MANAGER = "site manager"
    AUDITOR = "auditor"
    SUPPORT = "support staff"
    ORGANIZATION_MANAGER = "manager of the organization"
    ORGANIZATION_MEMBER = "member of the organization"
    OWNER = "the person whose it is"


class May(StrEnum):
    """Each permission, in words."""

    SEE_EVERYTHING = "see what belongs to others, whatever the organization"
    MANAGE_PEOPLE = "make and change people and organizations"
    EDIT_ACCOUNT = "edit and deactivate members and auditors, end their sessions, reset their second factors"
    EDIT_MANAGER = "the same of site managers, and make them"
    SEND_INVITATION = "send an invitation again"
    LIST_USERS = "see the list of people"
    SEE_ORGANIZATION = "see an organization's page"
    MANAGE_MEMBERS = "change who is in an organization"
    READ_AUDIT = "read the audit log"
    HELP = "use /support/"
    MAKE_TOKENS = "make API tokens"
    END_TOKENS = "see and end API tokens"
    END_SESSIONS = "see and end sessions"
    CHANGE_FACTORS = "add, rename and remove second factors"
    SEE_SIGN_IN = "see how people sign in"
    MANAGE_SIGN_IN = "change how people sign in"
    SEE_PROVIDERS = "see workspace providers"
    MANAGE_PROVIDERS = "register, edit, deploy, cordon and delete workspace providers, and change their allowlists"
    HELP_PROVIDERS = "check a workspace provider, retry a failed operation"
    SEE_ACCESS = "see which workspace providers an organization may use"
    SEE_INFRASTRUCTURE = "see the infrastructure"
    MANAGE_INFRASTRUCTURE = "change the access URL, upgrade workspace providers"
    USE_ENVIRONMENT = "start, stop, rebuild and delete an environment"
    OPEN_ENVIRONMENT = "open an environment"
    RETRY_ENVIRONMENT = "retry a failed operation on an environment"
    CREATE_FOR_OTHERS = "create an environment for somebody else"
    LEAVE_OBJECTS = "delete an environment without its objects on the cluster"
    ASK_FOR_OTHERS = "ask why somebody else can't"
    IMPORT_IMAGES = "import images"
    MANAGE_IMAGES = "change and remove images"


_MANAGERS = frozenset({Ground.ADMIN, Ground.MANAGER})
_READERS = _MANAGERS | {Ground.AUDITOR}
_ORGANIZATION_MANAGERS = _MANAGERS | {Ground.ORGANIZATION_MANAGER}
_ADMIN, _OWNER = frozenset({Ground.ADMIN}), frozenset({Ground.OWNER})
_SUPPORT = frozenset({Ground.SUPPORT})

MATRIX: Mapping[May, frozenset[Ground]] = {
    May.SEE_EVERYTHING: _MANAGERS,
    May.MANAGE_PEOPLE: _MANAGERS,
    May.EDIT_ACCOUNT: _MANAGERS,
    May.EDIT_MANAGER: _ADMIN,
    May.SEND_INVITATION: _SUPPORT,  # and whoever may edit the account
    May.LIST_USERS: _READERS,
    May.SEE_ORGANIZATION: _ORGANIZATION_MANAGERS,
    May.MANAGE_MEMBERS: _ORGANIZATION_MANAGERS,
    May.READ_AUDIT: _READERS,
    May.HELP: _SUPPORT,
    May.MAKE_TOKENS: _OWNER,
    May.END_TOKENS: _ADMIN | _OWNER,
    May.END_SESSIONS: _OWNER,  # and whoever may edit the account
    May.CHANGE_FACTORS: _OWNER,
    May.SEE_SIGN_IN: _READERS,
    May.MANAGE_SIGN_IN: _ADMIN,  # decision 57
    May.SEE_PROVIDERS: _READERS,
    May.MANAGE_PROVIDERS: _MANAGERS,
    May.HELP_PROVIDERS: _MANAGERS | _SUPPORT,
    May.SEE_ACCESS: _ORGANIZATION_MANAGERS,
    May.SEE_INFRASTRUCTURE: _READERS,
    May.MANAGE_INFRASTRUCTURE: _MANAGERS,
    May.USE_ENVIRONMENT: _ORGANIZATION_MANAGERS | _OWNER,
    May.OPEN_ENVIRONMENT: _OWNER,
    May.RETRY_ENVIRONMENT: _ORGANIZATION_MANAGERS | _OWNER | _SUPPORT,
    May.CREATE_FOR_OTHERS: _ORGANIZATION_MANAGERS,
    May.LEAVE_OBJECTS: _MANAGERS,
    May.ASK_FOR_OTHERS: _READERS,
    May.IMPORT_IMAGES: _MANAGERS | {Ground.ORGANIZATION_MEMBER},
    May.MANAGE_IMAGES: _ORGANIZATION_MANAGERS,
}
_BY_SITE_ROLE = {
    SiteRole.ADMIN: Ground.ADMIN,
    SiteRole.MANAGER: Ground.MANAGER,
    SiteRole.AUDITOR: Ground.AUDITOR,
}


def allows(user: Visitor, permission: May, relations: Mapping[Ground, Callable[[], bool]] | None = None) -> bool:
    """Whether one of the grounds holds, for an active person. `relations`: asked only as far as they may decide.

    Being support staff takes one query for a person, where it may decide; the site role none.
    """
    if not isinstance(user, User) or not user.is_active:
        return False
    grounds = MATRIX[permission]
    if _BY_SITE_ROLE.get(SiteRole(user.site_role)) in grounds:
        return True
    known = {Ground.SUPPORT: lambda: bool(support_permissions(user)), **(relations or {})}
    return any(ground in grounds and holds() for ground, holds in known.items())


def support_permissions(user: Visitor) -> frozenset[tuple[str, str]]:
    """Those of the group, for people in it, whatever other flags they have. One query for a person, then none."""
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return frozenset()
    if "_support_permissions" not in vars(user):
        granted = Permission.objects.filter(group__name=SUPPORT_STAFF, group__user=user)
        vars(user)["_support_permissions"] = frozenset(granted.values_list("content_type__app_label", "codename"))
    found: frozenset[tuple[str, str]] = vars(user)["_support_permissions"]
    return found
