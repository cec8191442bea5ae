"""Who may see and change the deployment's own settings: as with workspace providers (DESIGN 3, roles)."""

from audit.services import Actor
from organizations.policies import May, Visitor, allows, require


def can_view(user: Visitor) -> bool:
    return allows(user, May.SEE_INFRASTRUCTURE)


def can_manage(user: Visitor) -> bool:
    return allows(user, May.MANAGE_INFRASTRUCTURE)


def require_view(user: Visitor) -> None:
    """Raises PermissionDenied."""
    require(can_view(user), "Only site managers and auditors see the infrastructure of this deployment.")


def require_manage(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_manage(actor.user)
    require(allowed, "Only site managers may change the infrastructure of this deployment.")
