"""The address of a cluster as people type it, made one and the same for the same place."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from coderadmin.destinations import known_address, rule

ADDRESS_LIMIT = 512  # characters
DEFAULT_PORT = 443
HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?"
)
PATH = re.compile(r"(/[A-Za-z0-9._~:@!$&'()*+,;=%-]+)*")
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class AddressError(ValueError):
    """The address cannot be used; the text says why."""


def normalise_address(text: str) -> str:
    """https, host in lower case, port unless it is 443, no dot or slash at the end. Raises `AddressError`."""
    text = text.strip()
    if not text or len(text) > ADDRESS_LIMIT or re.search(r"[\s\\\x00-\x1f\x7f]", text):
        raise AddressError("The cluster address must be one https:// address without spaces.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressError("The cluster address has no valid host or port.") from error
    _refuse_what_has_no_place(parts)
    if port == 0:
        raise AddressError("The cluster address has no valid host or port.")
    suffix = "" if port in (None, DEFAULT_PORT) else f":{port}"
    return f"https://{_host(parts.hostname or '')}{suffix}{_path(parts.path)}"


def is_namespace(text: str) -> bool:
    """Whether Kubernetes would take it as the name of a namespace."""
    return NAMESPACE.fullmatch(text) is not None


def _refuse_what_has_no_place(parts: SplitResult) -> None:
    if parts.scheme != "https":
        raise AddressError("The cluster address must begin with https://: anything else would show the credential.")
    if parts.username is not None or parts.password is not None:
        raise AddressError("The cluster address must not hold a user name or password: use a token.")
    if parts.query or parts.fragment:
        raise AddressError("The cluster address must not hold ? or #.")


def _host(host: str) -> str:
    if ":" in host:
        return f"[{_ip_address(host)}]"
    if re.fullmatch(r"[0-9.]+", host):
        return _ip_address(host)
    try:
        name = host.lower() if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise AddressError(f"The host “{host}” is not a valid name.") from error
    if not HOST_NAME.fullmatch(name):
        raise AddressError(f"The host “{host}” is not a valid name.")
    _refuse_destination(name)
    return name.rstrip(".")


def _ip_address(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError as error:
        raise AddressError(f"The host “{host}” is not a valid IP address.") from error
    _refuse_destination(str(address))
    return str(address)


def _refuse_destination(host: str) -> None:
    """Early, to the person who types it; what counts is the address of each connection."""
    address = known_address(host)
    if address and (what := rule().refusal(address)):
        raise AddressError(f"{host} is {what}. This deployment does not connect to it.")


def _path(path: str) -> str:
    path = path.rstrip("/")
    if not PATH.fullmatch(path) or any(part in (".", "..") for part in path.split("/")):
        raise AddressError("The path of the cluster address is not valid.")
    return path
