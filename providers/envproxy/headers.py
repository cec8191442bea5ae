"""What of a message's head goes on to the other side, and in what form: pure functions."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from multidict import CIMultiDict, CIMultiDictProxy

from providers.envproxy.config import PREFIX

Headers = CIMultiDict[str]
GivenHeaders = CIMultiDictProxy[str]

COOKIE = "coderadmin_environment"
SESSION = re.compile(r"[A-Za-z0-9._~+/=-]{16,512}")
HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
FRAMING = frozenset(["content-length", "host"])  # a client may not make us drop these
# Ours to say, or the client's word about itself, which nobody should believe.
NOT_FROM_CLIENTS = frozenset(["expect", "host", "cookie", "forwarded", "x-real-ip"])
# They would rule over other environments, which have the same origin.
NOT_FOR_BROWSERS = frozenset(["alt-svc", "clear-site-data", "nel", "report-to", "strict-transport-security"])


def wants_websocket(headers: GivenHeaders) -> bool:
    return headers.get("Upgrade", "").lower() == "websocket" and "upgrade" in _named_by_connection(headers)


def session_of(headers: GivenHeaders) -> str | None:
    """The secret in our cookie; None when there is none that could be one."""
    for name, value in _cookies(headers):
        if name == COOKIE:
            return value if SESSION.fullmatch(value) else None
    return None


def for_upstream(headers: GivenHeaders, *, forwarded: Mapping[str, str], host: str) -> Headers:
    """A request's headers for the environment: without our cookie, and with `forwarded` as X-Forwarded-*."""
    passed = Headers({"Host": host})
    for name, value in _end_to_end(headers):
        if name.lower() not in NOT_FROM_CLIENTS and not name.lower().startswith("x-forwarded-"):
            passed.add(name, value)
    if cookies := "; ".join(
        f"{name}={value}" if name else value for name, value in _cookies(headers) if name != COOKIE
    ):
        passed["Cookie"] = cookies
    passed.update({f"X-Forwarded-{name}": value for name, value in forwarded.items()})
    return passed


def for_browser(headers: GivenHeaders, *, prefix: str, service_host: str, public_host: str) -> Headers:
    """A response's headers as they are right below `prefix`."""
    passed = Headers()
    for name, value in _end_to_end(headers):
        match name.lower():
            case "set-cookie":
                if cookie := below(value, prefix):
                    passed.add(name, cookie)
            case "location" | "content-location":
                passed.add(name, moved(value, prefix, service_host, public_host))
            case "service-worker-allowed":
                passed.add(name, f"{prefix}/")
            case lower if lower not in NOT_FOR_BROWSERS:
                passed.add(name, value)
    return passed


def below(cookie: str, prefix: str) -> str | None:
    """A Set-Cookie line whose path lies below the prefix, for no other host; None for one that would be ours."""
    pair, *attributes = cookie.split(";")
    if pair.partition("=")[0].strip() == COOKIE:
        return None
    kept = [pair]
    for attribute in attributes:
        name, _, value = attribute.strip().partition("=")
        if name.strip().lower() == "path" and value.strip().startswith("/"):
            kept.append(f" Path={_prefixed(value.strip(), prefix)}")
        elif name.strip().lower() != "domain":
            kept.append(attribute)
    return ";".join(kept)


def moved(location: str, prefix: str, service_host: str, public_host: str) -> str:
    """A redirect's target as a browser must see it. Relative ones and those to other hosts stay."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return location
    if not parts.netloc:
        return _prefixed(location, prefix) if location.startswith("/") and not parts.scheme else location
    if parts.netloc.lower() not in (service_host, public_host):
        return location
    rest = location.partition(parts.netloc)[2]
    rest = rest if rest.startswith("/") else f"/{rest}"
    if parts.netloc.lower() == public_host and rest.startswith(f"{PREFIX}/"):
        return location
    return _prefixed(rest, prefix)


def _prefixed(path: str, prefix: str) -> str:
    """Once, also for programs that heed X-Forwarded-Prefix themselves."""
    return path if re.match(rf"{re.escape(prefix)}([/?#]|$)", path) else prefix + path


def _end_to_end(headers: GivenHeaders) -> Iterator[tuple[str, str]]:
    dropped = HOP_BY_HOP | (_named_by_connection(headers) - FRAMING)
    return ((name, value) for name, value in headers.items() if name.lower() not in dropped)


def _named_by_connection(headers: GivenHeaders) -> set[str]:
    return {word.strip().lower() for line in headers.getall("Connection", []) for word in line.split(",")}


def _cookies(headers: GivenHeaders) -> Iterator[tuple[str, str]]:
    for line in headers.getall("Cookie", []):
        for pair in filter(None, map(str.strip, line.split(";"))):
            name, equals, value = pair.partition("=")
            yield (name.strip(), value.strip()) if equals else ("", pair)
