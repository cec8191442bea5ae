"""What a provider says of itself: its metadata and its keys, checked each time that they are read."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from authentication.http import GuardedSession
from coderadmin.destinations import AddressRefusedError

WELL_KNOWN = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
KEEP_TRYING = "Check that it runs and can be reached from here, then try again."


@dataclass
class ProviderError(Exception):
    """`field`: of the form, which must be changed; `text`: what is wrong and the next step."""

    field: str
    text: str

    def __str__(self) -> str:
        return self.text


def read_metadata(issuer: str) -> dict[str, Any]:
    """Raises ProviderError."""
    where = issuer.rstrip("/") + WELL_KNOWN
    metadata = _document("issuer", where)
    named = metadata.get("issuer")
    if named != issuer:
        says = f"calls itself “{named[:200]}”" if isinstance(named, str) else "does not say which issuer it is"
        raise ProviderError("issuer", f"The provider {says}. Enter exactly the issuer that it names at {where}.")
    for name in ENDPOINTS:
        if not is_acceptable(metadata.get(name)):
            raise ProviderError("issuer", f"The provider names no {name} with https. Its operator must correct that.")
    for name in OPTIONAL_ENDPOINTS:
        if not is_acceptable(metadata.get(name)):
            metadata.pop(name, None)
    return metadata


def read_keys(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Raises ProviderError."""
    keys = _document("issuer", metadata["jwks_uri"]).get("keys")
    found = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    if not found:
        raise ProviderError("issuer", f"There are no keys at {metadata['jwks_uri']}. {KEEP_TRYING}")
    return found


def is_acceptable(url: object) -> bool:
    """An https address; http only in embedded mode, and on this machine."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        host = parts.hostname if parts else ""
    except ValueError:
        return False
    if not parts or not host or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (settings.EMBEDDED or host in LOOPBACK))


def _document(field: str, url: str) -> dict[str, Any]:
    try:
        response = GuardedSession().get(url, headers={"Accept": "application/json"})
        document = response.json() if response.status_code == requests.codes.ok else None
    except requests.exceptions.JSONDecodeError:
        document = None
    except requests.RequestException as error:
        raise ProviderError(field, trouble(url, error)) from error
    if not isinstance(document, dict):
        status = response.status_code
        says = f"answers with status {status}" if status != requests.codes.ok else "does not answer with JSON"
        raise ProviderError(field, f"{url} {says}. Check the issuer.")
    return document


def trouble(url: str, error: Exception) -> str:
    """Why there was no answer, and the next step."""
    host = urlsplit(url).hostname
    if refused := next((each for each in _chain(error) if isinstance(each, AddressRefusedError)), None):
        return f"{host} leads to {refused.address}, which is {refused.why}: this deployment does not connect to it."
    match error:
        case requests.exceptions.SSLError():
            return f"The certificate of {host} is not trusted here. Install one that is, or add its authority here."
        case requests.Timeout():
            return f"{host} does not answer in time. {KEEP_TRYING}"
        case requests.ConnectionError():
            return f"{host} can't be reached. {KEEP_TRYING}"
        case _:
            return f"{host} gives no answer that can be read. {KEEP_TRYING}"


def _chain(error: BaseException) -> list[BaseException]:
    """The error, what it wraps, and what led to it."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < 20:
        current = waiting.pop()
        found.append(current)
        inner = (*current.args, current.__cause__, current.__context__, getattr(current, "reason", None))
        waiting += [each for each in inner if isinstance(each, BaseException) and each not in found]
    return found
