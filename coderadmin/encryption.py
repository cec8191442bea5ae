"""Secrets: a text that never shows itself, and a column that keeps it encrypted."""

import base64
from contextlib import suppress
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

KEY_PURPOSE = b"coderadmin cluster credentials"  # of everything encrypted here; another one would make it unreadable


class UndecryptableError(Exception):
    """The value was sealed with a key that is no longer among CODERADMIN_ENCRYPTION_KEYS."""


class Secret(str):
    """A text whose repr is masked, so that no traceback and no log carries it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'******'" if self else "''"


class Sealed(str):
    """The encrypted form, which is harmless to load, to pass on and to print."""

    __slots__ = ()

    def open(self) -> Secret:
        """Raises UndecryptableError."""
        try:
            return Secret(cipher().decrypt(self.encode()).decode()) if self else Secret("")
        except InvalidToken as error:
            raise UndecryptableError("The stored value was encrypted with a key that is not configured.") from error


def seal(text: str) -> Sealed:
    """Encrypted with the first of CODERADMIN_ENCRYPTION_KEYS; the empty text stays empty."""
    return Sealed(cipher().encrypt(text.encode()).decode() if text else "")


def unseal(text: str) -> Secret:
    """The plain text, of a loaded value as of one just assigned. Raises UndecryptableError."""
    return text.open() if isinstance(text, Sealed) else Secret(text)


def key_of(sealed: str) -> int | None:
    """The place, from 0, among CODERADMIN_ENCRYPTION_KEYS of the one that opens it; None: no key does."""
    for number, key in enumerate(settings.ENCRYPTION_KEYS):
        with suppress(InvalidToken):
            _fernet(key).decrypt(sealed.encode())
            return number
    return None


def cipher() -> MultiFernet:
    """Encrypts with the first key, decrypts with any; keys are derived, so that one may have any length."""
    return MultiFernet([_fernet(key) for key in settings.ENCRYPTION_KEYS])


@cache
def _fernet(key: str) -> Fernet:
    material = HKDF(algorithm=SHA256(), length=32, salt=None, info=KEY_PURPOSE).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(material))


class EncryptedTextField(models.TextField):
    """Seals what is assigned as plain text; what is loaded is `Sealed` and opened where it is needed."""

    def get_prep_value(self, value: Any) -> Any:
        return value if isinstance(value, Sealed) else seal(str(value or ""))

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Sealed:
        return Sealed(value or "")
