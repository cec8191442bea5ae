"""Links by which a person chooses a password without having one: in a mail, and nowhere else."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, urlsafe_base64_encode
from django.utils.module_loading import import_string

from organizations.models import User
from organizations.ways_in import takes_password_of

INVITATION_LIFE = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
RESET_LIFE = timedelta(hours=1)


class LinkTokens(PasswordResetTokenGenerator):
    """Django's: a token ends with the password, the sign-in and the e-mail that it was made for, and with time.

    It opens nothing while a password of the person would not be taken. Whoever has one already may have read the mail
    in vain: that link ends sooner than an invitation.
    """

    key_salt = "organizations.links"

    def check_token(self, user: User | None, token: str | None) -> bool:
        if user is None or not token or not user.is_active or not super().check_token(user, token):
            return False
        life = RESET_LIFE if user.has_usable_password() else INVITATION_LIFE
        return self._age(token) <= life and takes_password_of(user)

    def _age(self, token: str) -> timedelta:
        made = base36_to_int(token.partition("-")[0])
        return timedelta(seconds=self._num_seconds(self._now()) - made)


tokens = LinkTokens()


def access_url() -> str:
    """That of the deployment at the moment; apps above know it."""
    return str(import_string(settings.ACCESS_URL_SOURCE)())


def link_of(user: User) -> str:
    """A new one at the access URL. A secret. One query."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return access_url() + reverse("organizations:password_link", args=[uid, tokens.make_token(user)])
