"""Connections that outlive a check, for as many clusters as memory is set aside for."""

import hashlib
import ssl
from asyncio import sslproto
from collections import OrderedDict

from providers.kube.connector import AbortingConnector, session_over
from providers.kube.tls import tls_context
from providers.target import ClusterTarget

KEPT_SECONDS = 75.0  # more than the interval of checks, less than the 90 s after which an API server hangs up
MOST_KEPT = 1500  # hosts with a connection that waits for the next check; each takes some 40 KB
MOST_CONTEXTS = 1500  # CAs and client certificates; each takes some 20 KB
TLS_BUFFER = 4 * 1024  # bytes of each connection, more than most answers; asyncio takes 256 KiB and touches them all


class KeepingConnector(AbortingConnector):
    """Keeps connections between checks."""

    def trim(self) -> None:
        """Ends those beyond MOST_KEPT, the last used first: checks come in turn, so that it is needed again last."""
        while len(self._conns) > MOST_KEPT:
            for protocol, _ in self._conns.popitem()[1]:
                protocol.abort()


class Pool:
    """One session for all clusters. Belongs to the event loop in which it was made.

    A connection is used again only by who trusts the same CA and shows the same client certificate.
    """

    def __init__(self) -> None:
        sslproto.SSLProtocol.max_size = TLS_BUFFER
        self._connector = KeepingConnector(limit=0, keepalive_timeout=KEPT_SECONDS)
        self.session = session_over(self._connector)
        self._contexts: OrderedDict[bytes, ssl.SSLContext] = OrderedDict()

    def trim(self) -> None:
        self._connector.trim()

    async def close(self) -> None:
        """At once: a silent server gets no time to say goodbye."""
        await self._connector.close(abort_ssl=True)
        await self.session.close()

    def context(self, target: ClusterTarget) -> ssl.SSLContext:
        """As `tls_context`, which takes some time for each CA."""
        key = _digest(target)
        if key not in self._contexts:
            self._contexts[key] = tls_context(target)
            if len(self._contexts) > MOST_CONTEXTS:
                self._contexts.popitem(last=False)
        self._contexts.move_to_end(key)
        return self._contexts[key]


def _digest(target: ClusterTarget) -> bytes:
    parts = (target.ca_pem, target.client_certificate_pem, target.client_key_pem)
    return hashlib.sha256("\0".join(parts).encode()).digest()
