"""Pre-flight checks below HTTP: name, connection, certificate. A `KubeError` from one ends the pre-flight."""

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

from coderadmin.destinations import check
from providers.kube.client import CONNECT_TIMEOUT
from providers.kube.errors import Reason, Unreachable
from providers.kube.findings import Finding, Level
from providers.kube.resolver import lookup
from providers.kube.tls import tls_context
from providers.kube.translate import translate
from providers.target import ClusterTarget

EXPIRY_WARNING_DAYS = 14


def host_and_port(target: ClusterTarget) -> tuple[str, int]:
    parts = urlsplit(target.address)
    return parts.hostname or "", parts.port or 443


async def check_name(target: ClusterTarget, addresses: list[str]) -> Finding:
    """Appends the IP addresses of the cluster's host to `addresses`."""
    host, port = host_and_port(target)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            found = await lookup(host, port)
    except TimeoutError as error:
        message = f"No name server answered for {host} within {CONNECT_TIMEOUT:g} seconds."
        raise Unreachable(Reason.DNS_FAILED, message) from error
    except socket.gaierror as error:
        raise translate(error, target) from error
    addresses.extend(dict.fromkeys(address[0] for *_, address in found))
    detail = f"{host} is an address." if addresses == [host] else f"{host} is {', '.join(addresses)}."
    return Finding(code="dns", label="Host name", level=Level.OK, detail=detail)


async def check_connection(target: ClusterTarget, addresses: list[str]) -> Finding:
    """The first address that takes a connection is enough."""
    started = time.monotonic()
    async with _connection(target, addresses) as (address, _):
        duration = round((time.monotonic() - started) * 1000)
    detail = f"{address} takes connections at port {host_and_port(target)[1]} ({duration} ms)."
    return Finding(code="tcp", label="Connection", level=Level.OK, detail=detail)


async def check_certificate(target: ClusterTarget, addresses: list[str]) -> Finding:
    """Chain, name and time of the certificate; a warning when it ends soon."""
    async with _connection(target, addresses, tls_context(target)) as (_, writer):
        certificate = writer.get_extra_info("peercert") or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), tz=UTC)
    detail = f"Trusted, made for {host_and_port(target)[0]}, valid until {ends:%Y-%m-%d}."
    if is_near(ends):
        remedy = "Renew the API server's certificate before that day."
        return Finding(code="tls", label="Certificate", level=Level.WARNING, detail=detail, remedy=remedy)
    return Finding(code="tls", label="Certificate", level=Level.OK, detail=detail)


def is_near(moment: datetime) -> bool:
    """Whether it is less than two weeks away, or past."""
    return (moment - datetime.now(UTC)).total_seconds() < EXPIRY_WARNING_DAYS * 86400


@asynccontextmanager
async def _connection(
    target: ClusterTarget, addresses: list[str], context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, asyncio.StreamWriter]]:
    address, writer = await _open(target, addresses, context)
    try:
        yield address, writer
    finally:
        writer.transport.abort()


async def _open(
    target: ClusterTarget, addresses: list[str], context: ssl.SSLContext | None
) -> tuple[str, asyncio.StreamWriter]:
    host, port = host_and_port(target)
    failure: OSError = OSError("no address")
    for address in addresses:
        try:
            check(address)
            async with asyncio.timeout(CONNECT_TIMEOUT):
                name = host if context else None
                _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
            return address, writer
        except TimeoutError:
            failure = TimeoutError(
                errno.ETIMEDOUT, "connection timed out"
            )  # with an errno it counts as one of connecting
        except OSError as error:
            failure = error
    raise translate(failure, target) from failure
