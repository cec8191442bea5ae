"""Which ways in are open to a person: built-in sign-in by password, and single sign-on by e-mail or by a link."""

from django.conf import settings
from django.utils.module_loading import import_string

from organizations.models import User
from organizations.policies import MANAGING_ROLES, May, allows


def has_built_in() -> bool:
    """Whether people sign in by password at the moment; an app above knows it. One query."""
    return bool(import_string(settings.BUILT_IN_SOURCE)())


def takes_password_of(user: User) -> bool:
    """The site admin's is always taken. At most one query."""
    return allows(user, May.MANAGE_SIGN_IN) or has_built_in()


def needs_link(user: User) -> bool:
    """An e-mail alone does not open these accounts."""
    return user.site_role in MANAGING_ROLES or user.is_staff
