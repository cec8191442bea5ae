"""Who may do what with the ways in: one's own, and those of the accounts that one may edit."""

from audit.services import Actor
from organizations.models import User
from organizations.policies import Visitor, can_edit_account, is_signed_in, require
from organizations.services.accounts import ONLY_ADMIN


def can_end_sessions(user: Visitor, account: User) -> bool:
    """See and end them."""
    return is_signed_in(user) and (user == account or can_edit_account(user, account))


def require_end_sessions(actor: Actor, account: User) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    require(actor.user is None or can_end_sessions(actor.user, account), ONLY_ADMIN)
