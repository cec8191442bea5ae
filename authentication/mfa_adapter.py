"""What allauth's second factors ask us."""

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser

from coderadmin.encryption import Sealed, seal

NAME = "CoderAdmin"


class MFAAdapter(DefaultMFAAdapter):
    """Secrets are sealed. A passkey belongs to the host of the access URL, by which the request came."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This passkey did not prove itself. Try again, or use a code."
    }

    def encrypt(self, text: str) -> str:
        return str(seal(text))

    def decrypt(self, encrypted_text: str) -> str:
        return Sealed(encrypted_text).open()

    def get_totp_issuer(self) -> str:
        """With the host: whoever has accounts at several deployments tells them apart."""
        return f"{NAME} {context.request.get_host()}"

    def _get_site_name(self) -> str:
        return NAME

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        return "passkey"
