"""Who may do what with workspace providers (DESIGN 3, roles). Services ask here; nothing else decides."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from audit.services import Actor
from organizations.models import Organization
from organizations.policies import can_manage_members, can_read_providers, can_use_support, is_site_manager, require

Person = AbstractBaseUser | AnonymousUser | None


def can_view(user: Person) -> bool:
    return can_read_providers(user)


def can_manage(user: Person) -> bool:
    return is_site_manager(user)


def can_view_access(user: Person, organization: Organization) -> bool:
    """Which providers an organization may use: also for its own managers. At most one query."""
    return can_manage(user) or can_manage_members(user, organization)


def require_view(user: Person) -> None:
    """Raises PermissionDenied."""
    require(can_view(user), "Only site managers and auditors see workspace providers.")


def require_manage(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    require(actor.user is None or can_manage(actor.user), "Only site managers may change workspace providers.")


def require_help(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may. What support staff may, too: nothing that is new."""
    allowed = actor.user is None or can_manage(actor.user) or can_use_support(actor.user)
    require(allowed, "Only site managers and support staff may do that.")
