"""The values of a Helm release as they may be stored and shown: no secrets, and nothing that a database refuses."""

import json
import math
import re
from typing import Any

from providers.kube.errors import shorten

SECRET_NAME = re.compile(r"token|password|(^|[_-])secret$", re.IGNORECASE)
KEY_LIMIT, TEXT_LIMIT = 253, 2000  # characters
DEEPEST = 12
SIZE_LIMIT = 64 * 1024  # characters of JSON; the values of our chart have about 1,000


def cleaned(values: object) -> dict[str, Any] | None:
    """Without whatever stands below a key that names a secret. None for what are no values, or too many."""
    if not isinstance(values, dict):
        return None
    found: dict[str, Any] = _plain(values, depth=0)
    return found if len(json.dumps(found)) <= SIZE_LIMIT else None


def _plain(value: Any, *, depth: int) -> Any:
    if isinstance(value, dict | list) and depth == DEEPEST:
        return "…"
    match value:
        case dict():
            kept = {key: inner for key, inner in value.items() if not SECRET_NAME.search(key)}
            return {shorten(key, KEY_LIMIT): _plain(inner, depth=depth + 1) for key, inner in kept.items()}
        case list():
            return [_plain(each, depth=depth + 1) for each in value]
        case str():
            return shorten(value, TEXT_LIMIT)
        case float() if not math.isfinite(value):
            return str(value)
    return value
