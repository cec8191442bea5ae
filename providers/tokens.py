"""Envproxy tokens: random, shown once, stored as a digest."""

import hashlib
import secrets

from coderadmin.encryption import Secret

TOKEN_PREFIX = "cap_"  # noqa: S105 - makes leaked tokens recognisable to secret scanners


def new_token() -> Secret:
    """256 random bits, as text that a shell and YAML take without quotes."""
    return Secret(TOKEN_PREFIX + secrets.token_hex(32))


def digest_of(token: str) -> str:
    """SHA-256 in hexadecimal. A plain digest is enough: the token itself has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
