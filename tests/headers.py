"""What every answer of the site carries, whatever it is."""

from collections.abc import Mapping

from coderadmin.middleware import HEADERS


def missing_headers(headers: Mapping[str, str]) -> list[str]:
    """The names of headers that an answer lacks or weakens."""
    policy = headers.get("Content-Security-Policy", "unsafe")
    lax = [name for name in ("default-src", "object-src", "frame-ancestors", "form-action") if name not in policy]
    found = [name for name, value in HEADERS.items() if headers.get(name) != value]
    return [*found, *lax, *(["Content-Security-Policy"] if "unsafe" in policy else [])]
