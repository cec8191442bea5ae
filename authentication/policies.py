"""Who may do what with the ways in: one's own, and those of the accounts that one may edit."""

from audit.services import Actor
from organizations.models import User
from organizations.policies import Ground, May, Visitor, allows, can_edit_account, require
from organizations.services.accounts import ONLY_ADMIN


def can_end_sessions(user: Visitor, account: User) -> bool:
    """See and end them."""
    return allows(user, May.END_SESSIONS, {Ground.OWNER: lambda: user == account}) or can_edit_account(user, account)


def require_end_sessions(actor: Actor, account: User) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    require(actor.user is None or can_end_sessions(actor.user, account), ONLY_ADMIN)


def require_own_factors(actor: Actor, account: User) -> None:
    """Raises PermissionDenied. Nobody adds or removes one for another person."""
    allowed = allows(actor.user, May.CHANGE_FACTORS, {Ground.OWNER: lambda: actor.user == account})
    require(allowed, "Only the person changes its second factors.")


def require_reset_factors(actor: Actor, account: User) -> None:
    """Take them from a person who lost them. Raises PermissionDenied. The system itself (no user) may."""
    require(actor.user is None or can_edit_account(actor.user, account), ONLY_ADMIN)


def can_view_configuration(user: Visitor) -> bool:
    """How people sign in here: as the rest of the configuration. Secrets are never shown."""
    return allows(user, May.SEE_SIGN_IN)


def can_manage_configuration(user: Visitor) -> bool:
    """Not site managers: whoever names the sign-in service could sign in as another one of them."""
    return allows(user, May.MANAGE_SIGN_IN)


def require_view_configuration(user: Visitor) -> None:
    """Raises PermissionDenied."""
    require(can_view_configuration(user), "Only site managers and auditors see how people sign in here.")


def require_manage_configuration(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_manage_configuration(actor.user)
    require(allowed, "Only the site admin changes how people sign in here.")
