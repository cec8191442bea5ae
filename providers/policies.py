"""Who may do what with workspace providers (DESIGN 3, roles). Services ask here; nothing else decides."""

from audit.services import Actor
from organizations.models import Organization
from organizations.policies import May, Visitor, allows, manager_of, require


def can_view(user: Visitor) -> bool:
    return allows(user, May.SEE_PROVIDERS)


def can_manage(user: Visitor) -> bool:
    return allows(user, May.MANAGE_PROVIDERS)


def can_view_access(user: Visitor, organization: Organization) -> bool:
    """At most one query."""
    return allows(user, May.SEE_ACCESS, manager_of(user, organization))


def require_view(user: Visitor) -> None:
    """Raises PermissionDenied."""
    require(can_view(user), "Only site managers and auditors see workspace providers.")


def require_manage(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    require(actor.user is None or can_manage(actor.user), "Only site managers may change workspace providers.")


def require_help(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may. What support staff may, too: nothing that is new."""
    allowed = actor.user is None or allows(actor.user, May.HELP_PROVIDERS)
    require(allowed, "Only site managers and support staff may do that.")
