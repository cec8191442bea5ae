"""Does an access URL lead to this deployment? Name, connection, certificate, and an answer that only we can give."""

import asyncio
import json
import secrets
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp

from coderadmin.destinations import AddressRefusedError, check
from providers.kube.connector import AbortingConnector
from providers.kube.findings import Finding, Level
from providers.kube.resolver import lookup

PATIENCE = aiohttp.ClientTimeout(total=10, connect=5)  # seconds
ANSWER_LIMIT = 4096  # bytes
EXPIRY_WARNING_DAYS = 14
PROOF_PATH = "/.well-known/coderadmin/"

ALLOW_IT = "Lead the name elsewhere, or let an operator add the address to CODERADMIN_ALLOWED_NETWORKS."
NOT_US = "Lead it to this deployment: the same web processes, or others with the same SECRET_KEY and database."


def examine_address(url: str, *, is_proof: Callable[[str, str], bool]) -> list[Finding]:
    """What a browser and an envproxy would meet at `url`; the first error is the last finding.

    `is_proof(challenge, answer)` says whether the answer is this deployment's. Takes 15 seconds at most.
    """
    return asyncio.run(_examine(url, is_proof))


async def _examine(url: str, is_proof: Callable[[str, str], bool]) -> list[Finding]:
    name = await _name(url)
    if name.level == Level.ERROR:
        return [name]
    return [name, *await _answer(url, is_proof)]


async def _name(url: str) -> Finding:
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        async with asyncio.timeout(PATIENCE.connect):
            found = await lookup(host, parts.port or 0)
    except (OSError, TimeoutError):
        return _error(
            "dns", "Name", f"{host} does not resolve here.", f"Make a DNS record for {host}, and wait for it."
        )
    addresses = ", ".join(dict.fromkeys(str(address[0]) for *_, address in found))
    return Finding(code="dns", label="Name", level=Level.OK, detail=f"{host} is {addresses}.")


async def _answer(url: str, is_proof: Callable[[str, str], bool]) -> list[Finding]:
    challenge, context = secrets.token_hex(24), ssl.create_default_context()
    connector = AbortingConnector(ssl=context)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as session,
            session.get(url + PROOF_PATH + challenge, allow_redirects=False) as answer,
        ):
            proof, status = _proof_in(await answer.content.read(ANSWER_LIMIT)), answer.status
        certificate = await _certificate(url, context)
    except (aiohttp.ClientError, OSError) as error:
        return [_trouble(url, error)]
    if not is_proof(challenge, proof):
        says = f"Something answers at {url} with status {status}, but it is not this deployment."
        return [*certificate, _error("identity", "Identity", says, NOT_US)]
    ours = Finding(code="identity", label="Identity", level=Level.OK, detail=f"{url} leads to this deployment.")
    return [*certificate, ours]


async def _certificate(url: str, context: ssl.SSLContext) -> list[Finding]:
    """For how long it is valid, by a connection of its own: aiohttp's is gone once the answer was read."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return []
    async with asyncio.timeout(PATIENCE.connect):
        *_, place = (await lookup(parts.hostname or "", parts.port or 443))[0]
        name = parts.hostname
        check(str(place[0]))
        _, writer = await asyncio.open_connection(*place[:2], ssl=context, server_hostname=name)
    certificate = writer.get_extra_info("peercert")
    writer.transport.abort()
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), tz=UTC)
    days = (ends - datetime.now(UTC)).days
    detail = f"Trusted, valid until {ends:%Y-%m-%d}: {days} days."
    near = days < EXPIRY_WARNING_DAYS
    remedy = "Renew it before you switch." if near else ""
    level = Level.WARNING if near else Level.OK
    return [Finding(code="tls", label="Certificate", level=level, detail=detail, remedy=remedy)]


def _trouble(url: str, error: Exception) -> Finding:
    host = urlsplit(url).hostname
    match error:
        case AddressRefusedError() as refused:
            return _error("address", "Address", f"{refused.address}, where {host} leads, is {refused.why}.", ALLOW_IT)
        case aiohttp.ClientConnectorError(os_error=AddressRefusedError() as refused):
            return _error("address", "Address", f"{refused.address}, where {host} leads, is {refused.why}.", ALLOW_IT)
        case aiohttp.ClientConnectorCertificateError():
            remedy = f"Install a certificate for {host} that browsers trust."
            why = getattr(error.certificate_error, "verify_message", "") or error.certificate_error
            return _error("tls", "Certificate", f"The certificate is refused: {why}.", remedy)
        case aiohttp.ClientSSLError():
            return _error("tls", "Certificate", f"{host} does not speak TLS there.", "Check scheme and port.")
        case TimeoutError():
            remedy = "Check the load balancer and the firewall, also from here to there."
            return _error("tcp", "Connection", f"{url} does not answer in time.", remedy)
        case aiohttp.ClientConnectorError(os_error=socket.gaierror()):
            return _error("dns", "Name", f"{host} does not resolve here.", f"Make a DNS record for {host}.")
        case _:
            remedy = "Check that the load balancer serves this name and port."
            return _error("tcp", "Connection", f"{url} does not answer: {error}.", remedy)


def _proof_in(body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    proof = document.get("proof") if isinstance(document, dict) else None
    return proof if isinstance(proof, str) else ""


def _error(code: str, label: str, detail: str, remedy: str) -> Finding:
    return Finding(code=code, label=label, level=Level.ERROR, detail=detail, remedy=remedy)
