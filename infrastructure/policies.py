"""Who may see and change the deployment's own settings: as with workspace providers (DESIGN 3, roles)."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from audit.services import Actor
from organizations.policies import can_read_providers, is_site_manager, require

Person = AbstractBaseUser | AnonymousUser | None


def can_view(user: Person) -> bool:
    return can_read_providers(user)


def can_manage(user: Person) -> bool:
    return is_site_manager(user)


def require_view(user: Person) -> None:
    """Raises PermissionDenied."""
    require(can_view(user), "Only site managers and auditors see the infrastructure of this deployment.")


def require_manage(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_manage(actor.user)
    require(allowed, "Only site managers may change the infrastructure of this deployment.")
