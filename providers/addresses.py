"""Names, hostnames and addresses of providers: how they are normalised, and what is refused.

The same functions serve form, API and command line.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from providers.kube.address import AddressError, normalise_address

ENVPROXY_PATH = "/proxy"
NETWORK_RANGE = re.compile(r"https://([0-9.]+|\[[0-9a-f:]+\])/\d{1,3}")
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

validate_name = RegexValidator(
    re.compile(rf"^{DNS_LABEL.pattern}\Z"),
    "Use lowercase letters, digits and hyphens, at most 63, beginning and ending with a letter or digit.",
)
validate_namespace = validate_name


def normalise_hostname(text: str, *, access_url: str) -> str:
    """The provider's hostname as `scheme://host[:port]`, checked against the deployment's access URL.

    The scheme may be left out; a path `/proxy` is taken off, since we append it ourselves.
    Raises ValidationError: not an address, another scheme, not a subdomain of the deployment's host.
    """
    deployment = urlsplit(access_url)
    text = text.strip()
    parts = _split(text if "://" in text else f"{deployment.scheme}://{text}")
    if parts.path.rstrip("/") not in ("", ENVPROXY_PATH):
        raise ValidationError("Leave the path out: envproxy answers below /proxy by itself.", code="path")
    if parts.scheme != deployment.scheme:
        raise ValidationError(
            f"Use {deployment.scheme}:// as the deployment does; browsers refuse to mix the two.", code="scheme"
        )
    host = parts.hostname or ""
    if not host.endswith(f".{deployment.hostname}") or not all(map(DNS_LABEL.fullmatch, host.split("."))):
        raise ValidationError(
            f"Use a subdomain of {deployment.hostname}, such as sydney.{deployment.hostname}.", code="subdomain"
        )
    return _origin(parts)


def normalise_origin(text: str, *, default_scheme: str) -> str:
    """An address of http or https as `scheme://host[:port]`, in lower case. Raises ValidationError, also for a path."""
    parts = _split(text if "://" in text else f"{default_scheme}://{text}")
    if parts.scheme not in ("http", "https"):
        raise ValidationError("Use an address that begins with https://.", code="scheme")
    if parts.path.rstrip("/"):
        raise ValidationError("Leave the path out: the deployment answers at the root of its address.", code="path")
    return _origin(parts)


def is_same_origin(one: str, other: str) -> bool:
    """Whether two addresses of http or https are one place, however they are written."""
    try:
        return normalise_origin(one, default_scheme="https") == normalise_origin(other, default_scheme="https")
    except ValidationError:
        return one == other


def normalise_cluster_address(text: str) -> str:
    """A Kubernetes API address as `https://host[:port][/path]`, lower case, no trailing slash.

    https:// may be left out. Raises ValidationError: not https, a network range, credentials, a query, no host.
    """
    text = text.strip()
    try:
        address = normalise_address(text if "://" in text else f"https://{text}")
    except AddressError as error:
        raise ValidationError(str(error), code="address") from error
    if NETWORK_RANGE.fullmatch(address):
        raise ValidationError("This is a network range. Enter the address of the API server.", code="range")
    return address


def default_devurl_host(hostname: str) -> str:
    """The wildcard host of the provider's dev URLs: `*.sydney.coder.example.com`, without the port."""
    return f"*.{urlsplit(hostname).hostname}"


def validate_devurl_host(text: str) -> str:
    """A wildcard host such as `*.sydney.coder.example.com`. Raises ValidationError."""
    host = text.strip().lower()
    if not host.startswith("*.") or not all(map(DNS_LABEL.fullmatch, host[2:].split("."))):
        raise ValidationError("Use a wildcard host, such as *.sydney.example.com.", code="wildcard")
    return host


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValidationError("This is not an address: check host and port.", code="address") from error
    host = parts.hostname or ""
    if not host or port == 0 or re.search(r"\s", text) or not (_is_ip(host) or _is_dns_name(host)):
        raise ValidationError("This is not an address: check host and port.", code="address")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise ValidationError("Leave user name and password out of the address.", code="userinfo")
    if parts.query or parts.fragment:
        raise ValidationError("Leave everything after ? or # out of the address.", code="query")
    return parts


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_dns_name(host: str) -> bool:
    labels = host.rstrip(".").split(".")
    return len(host) <= 253 and not labels[-1].isdigit() and all(map(DNS_LABEL.fullmatch, labels))


def _origin(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    shown = f"[{host}]" if ":" in host else host
    default = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{shown}" + (f":{parts.port}" if parts.port and parts.port != default else "")
