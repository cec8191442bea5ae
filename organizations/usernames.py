"""Usernames: what a person is called where an e-mail address is not allowed, such as CODER_USERNAME.

Each is a DNS label of at most LONGEST characters, made once from the e-mail and never changed by itself.
"""

import re
from collections.abc import Container

LONGEST = 39
PATTERN = rf"^[a-z0-9]([-a-z0-9]{{0,{LONGEST - 2}}}[a-z0-9])?$"
FALLBACK = "user"  # for an address whose local part holds no letter or digit that a label may have


def username_base(email: str) -> str:
    """The local part as a label: Ada.Lovelace+x@example.com becomes ada-lovelace-x."""
    local = email.rpartition("@")[0] or email
    return _cut(re.sub(r"[^a-z0-9]+", "-", local.lower()).strip("-"), LONGEST) or FALLBACK


def free_username(email: str, taken: Container[str]) -> str:
    """The base, or the base with the lowest number from 2 on that is not in `taken`."""
    base = name = username_base(email)
    number = 1
    while name in taken:
        number += 1
        suffix = f"-{number}"
        name = _cut(base, LONGEST - len(suffix)) + suffix
    return name


def _cut(label: str, length: int) -> str:
    return label[:length].rstrip("-")
