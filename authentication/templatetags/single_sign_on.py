"""Whether the sign-in service, or a password, is worth a word on a page."""

from django import template

from authentication.configuration import Configuration, has_built_in
from authentication.services import is_linked
from organizations.models import User

register = template.Library()


@register.simple_tag
def has_single_sign_on(user: User) -> bool:
    """There is a sign-in service, or one from before still opens the account. One or two queries."""
    return bool(Configuration.load().issuer) or is_linked(user)


@register.simple_tag
def has_built_in_sign_in() -> bool:
    """Whether people sign in by password, too. One query."""
    return has_built_in()
