"""Whether the sign-in service is worth a word on a page."""

from django import template

from authentication.configuration import Configuration
from authentication.services import is_linked
from organizations.models import User

register = template.Library()


@register.simple_tag
def has_single_sign_on(user: User) -> bool:
    """There is a sign-in service, or one from before still opens the account. One or two queries."""
    return bool(Configuration.load().issuer) or is_linked(user)
