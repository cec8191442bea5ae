"""Who may do what, as far as the site roles decide it; the other apps build their rules on these."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from organizations.choices import SiteRole
from organizations.models import User

Visitor = AbstractBaseUser | AnonymousUser | None
"""Whoever sends a request, signed in or not; None where there is no request."""

MANAGING_ROLES = frozenset({SiteRole.ADMIN, SiteRole.MANAGER})


def has_site_role(user: Visitor, roles: frozenset[SiteRole]) -> bool:
    return isinstance(user, User) and user.is_active and user.site_role in roles


def is_site_manager(user: Visitor) -> bool:
    """The site admin and the site managers: they run the deployment."""
    return has_site_role(user, MANAGING_ROLES)


def can_read_providers(user: Visitor) -> bool:
    """Those who manage providers, and the auditors, who look but do not touch."""
    return has_site_role(user, MANAGING_ROLES | {SiteRole.AUDITOR})


def can_use_support(user: Visitor) -> bool:
    """Support staff. It is no site role: it opens /support/ and nothing else."""
    return isinstance(user, User) and user.is_active and user.is_staff


def require(allowed: bool, sentence: str) -> None:
    """Raise PermissionDenied with `sentence`, which the page shows to the person, unless `allowed`."""
    if not allowed:
        raise PermissionDenied(sentence)
