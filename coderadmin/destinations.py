"""Where the control plane may connect to: a rule on the address of the connection itself.

A name may have another address each time one asks, so nobody may rely on what a name was when it was entered. Whoever
connects to a place that a person entered asks here at that moment. Knows no Django: the clusters' code asks, too.
"""

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]  # as of getaddrinfo


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Raises ValueError for what is neither a network nor an address."""
    return tuple(map(ipaddress.ip_network, texts))


# What nobody needs as a cluster, an environment's host or a sign-in service; the first fit counts.
REFUSED: tuple[tuple[str, tuple[Network, ...]], ...] = (
    (
        "where a cloud gives its machines their credentials",
        networks(["169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"]),
    ),
    ("a link-local address", networks(["169.254.0.0/16", "fe80::/10"])),
    ("no address of a machine", networks(["0.0.0.0/8", "240.0.0.0/4", "::/128"])),
    ("a multicast address", networks(["224.0.0.0/4", "ff00::/8"])),
)
LOOPBACK = networks(["127.0.0.0/8", "::1"])
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
THIS_MACHINE = "this machine itself"
METADATA_NAMES = ("metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal")


class AddressRefusedError(OSError):
    """No connection was made. The text is the same for all addresses of a name, so that it survives aiohttp."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__("this deployment does not connect to such an address")
        self.address = address
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`allowed` networks are exceptions, also from `denied` ones."""

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    is_loopback_allowed: bool = False

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        allowed, denied = tuple(values["allowed"]), tuple(values["denied"])
        return cls(allowed=allowed, denied=denied, is_loopback_allowed=values["is_loopback_allowed"])

    def refusal(self, text: str) -> str:
        """What `text`, an IP address, is that nobody may connect to it; empty when one may."""
        forms = list(_forms(ipaddress.ip_address(text)))
        if _holds(networks(self.allowed), forms):
            return ""
        for what, refused in REFUSED:
            if _holds(refused, forms):
                return what
        if not self.is_loopback_allowed and _holds(LOOPBACK, forms):
            return THIS_MACHINE
        return "in a network that is denied here" if _holds(networks(self.denied), forms) else ""


_rule = Rule()  # the strictest, until somebody says otherwise


def use(rule: Rule) -> None:
    """From now on, in this process."""
    global _rule
    _rule = rule


def rule() -> Rule:
    return _rule


def check(address: str) -> None:
    """Raises AddressRefusedError for an IP address that nobody may connect to."""
    if why := _rule.refusal(address):
        raise AddressRefusedError(address, why)


def guarded_socket(info: AddressInfo) -> socket.socket:
    """A socket for this address and no other: the `socket_factory` of aiohttp."""
    family, kind, protocol, _, place = info
    check(str(place[0]))
    return socket.socket(family, kind, protocol)


def connect(host: str, port: int, *, timeout: float) -> socket.socket:
    """A connection to the first address of `host` that takes one. The name is resolved once. Raises OSError."""
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no such host")
    for info in socket.getaddrinfo(resolvable(host), port, type=socket.SOCK_STREAM):
        try:
            connection = guarded_socket(info)
        except AddressRefusedError as error:
            failure = error
            continue
        try:
            connection.settimeout(timeout)
            connection.connect(info[4])
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def resolvable(host: str) -> str:
    """Names below `localhost` are loopback (RFC 6761, 6.3); glibc needs a module for them."""
    return "localhost" if host.rstrip(".").endswith(".localhost") else host


def known_address(host: str) -> str:
    """The address of an address, and of a name that has the same one everywhere; empty for others."""
    name = host.rstrip(".").lower()
    if resolvable(name) == "localhost":
        return "127.0.0.1"
    if name in METADATA_NAMES:
        return "169.254.169.254"
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return ""


def _forms(address: Address) -> Iterator[Address]:
    """The address, and the one of IPv4 to which it leads."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            yield inner


def _holds(holders: Iterable[Network], forms: list[Address]) -> bool:
    return any(form in network for network in holders for form in forms)
