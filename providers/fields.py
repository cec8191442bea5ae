"""A text column that is encrypted at rest."""

import base64
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

KEY_PURPOSE = b"coderadmin cluster credentials"


class UndecryptableError(Exception):
    """The column was written with a key that is no longer among CODERADMIN_ENCRYPTION_KEYS."""


class Secret(str):
    """A text that never shows itself: its repr is masked, so that no traceback or log carries it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'******'" if self else "''"


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    def derive(key: str) -> Fernet:
        material = HKDF(algorithm=SHA256(), length=32, salt=None, info=KEY_PURPOSE).derive(key.encode())
        return Fernet(base64.urlsafe_b64encode(material))

    return MultiFernet([derive(key) for key in keys])


class EncryptedTextField(models.TextField):
    """Fernet-encrypted with the first of CODERADMIN_ENCRYPTION_KEYS, readable with any of them; "" stays ""."""

    def get_prep_value(self, value: Any) -> Any:
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(str(value).encode()).decode() if value else ""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Secret:
        if not value:
            return Secret("")
        try:
            return Secret(_cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(value.encode()).decode())
        except InvalidToken as error:
            raise UndecryptableError("This value was encrypted with a key that is not configured any more.") from error
