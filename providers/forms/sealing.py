"""Keeps a pasted kubeconfig between two steps of a form: in the page, but encrypted and for one person only."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from coderadmin.encryption import Secret

KEPT_SECONDS = 30 * 60  # long enough to choose a context and correct a name
KEY_PURPOSE = b"coderadmin pasted kubeconfig"


class SealError(ValueError):
    """The sealed text is too old, was made for somebody else, or was tampered with."""


def seal(text: str, *, person: object) -> str:
    """Encrypt for KEPT_SECONDS; only the same `person` (a primary key) gets it back."""
    return _cipher(person).encrypt(text.encode()).decode()


def unseal(sealed: str, *, person: object) -> Secret:
    """Raises SealError."""
    try:
        return Secret(_cipher(person).decrypt(sealed.encode(), ttl=KEPT_SECONDS).decode())
    except InvalidToken as error:
        raise SealError from error


def _cipher(person: object) -> Fernet:
    material = HKDF(algorithm=SHA256(), length=32, salt=str(person).encode(), info=KEY_PURPOSE)
    return Fernet(base64.urlsafe_b64encode(material.derive(settings.SECRET_KEY.encode())))
