"""Everything that can be known before the first write to a cluster, as a list that grows while one looks at it."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial

from providers.kube.client import CONNECT_TIMEOUT, KubeClient, connect
from providers.kube.errors import NOT_UNDERSTOOD, KubeError, Reason
from providers.kube.findings import Finding, Level
from providers.kube.preflight_cluster import (
    check_credential,
    check_ingress,
    check_namespace,
    check_permissions,
    check_storage,
    check_version,
)
from providers.kube.preflight_network import check_certificate, check_connection, check_name
from providers.kube.preflight_release import check_release
from providers.kube.probe import MALFORMED, RELEASE_NAME
from providers.kube.resolver import lookup
from providers.reasons import reason_for
from providers.target import ClusterTarget

Check = Callable[[], Awaitable[Finding | None]]
Step = tuple[str, str, Check]  # code, label, check

logger = logging.getLogger(__name__)


async def preflight(
    target: ClusterTarget, *, release_name: str = RELEASE_NAME, needs_ingress: bool, hostname: str = ""
) -> AsyncGenerator[Finding, None]:
    """Findings in order. An error up to the namespace makes the rest pointless: it is then the last finding.

    `hostname` is the provider's own public host, empty when it has none. Cluster trouble is a finding, never raised.
    """
    for step in _network_steps(target):
        if finding := await _run(step):
            yield finding
            if finding.level is Level.ERROR:
                return
    async with connect(target) as client:
        for step in _needed_steps(client):
            if finding := await _run(step):
                yield finding
                if finding.level is Level.ERROR:
                    return
        for step in _remaining_steps(client, release_name, needs_ingress, hostname):
            if finding := await _run(step):
                yield finding


def _network_steps(target: ClusterTarget) -> list[Step]:
    addresses: list[str] = []  # filled by the first step
    return [
        ("dns", "Host name", partial(check_name, target, addresses)),
        ("tcp", "Connection", partial(check_connection, target, addresses)),
        ("tls", "Certificate", partial(check_certificate, target, addresses)),
    ]


def _needed_steps(client: KubeClient) -> list[Step]:
    return [
        ("version", "Kubernetes version", partial(check_version, client)),
        ("credential", "Credential", partial(check_credential, client)),
        ("namespace", "Namespace", partial(check_namespace, client)),
    ]


def _remaining_steps(client: KubeClient, release_name: str, needs_ingress: bool, hostname: str) -> list[Step]:
    steps: list[Step] = [
        ("permissions", "Permissions", partial(check_permissions, client)),
        ("storage", "Storage class", partial(check_storage, client)),
    ]
    if needs_ingress:
        steps.append(("ingress", "Ingress", partial(check_ingress, client)))
    if hostname:
        steps.append(("hostname", "Public host name", partial(_check_hostname, hostname)))
    steps.append(("release", "Helm release", partial(check_release, client, release_name)))
    return steps


async def _run(step: Step) -> Finding | None:
    code, label, check = step
    try:
        return await check()
    except KubeError as error:
        reason, detail = error.reason, error.message
    except MALFORMED:
        logger.warning("malformed answer in pre-flight check %s", code, exc_info=True)
        reason, detail = Reason.UNEXPECTED.value, NOT_UNDERSTOOD
    return Finding(code=code, label=label, level=Level.ERROR, detail=detail, remedy=reason_for(reason).remedy)


async def _check_hostname(hostname: str) -> Finding:
    """A warning only: the name is often given once the load balancer has its address."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            found = await lookup(hostname, 443)
    except (TimeoutError, socket.gaierror):
        return Finding(
            code="hostname",
            label="Public host name",
            level=Level.WARNING,
            detail=f"{hostname} does not resolve yet.",
            remedy="Point it at the load balancer of the cluster's ingress.",
        )
    addresses = ", ".join(dict.fromkeys(address[0] for *_, address in found))
    detail = f"{hostname} is {addresses}."
    return Finding(code="hostname", label="Public host name", level=Level.OK, detail=detail)
