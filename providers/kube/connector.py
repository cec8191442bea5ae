"""The connections of one client, which never outlive it."""

from typing import Any

import aiohttp

from coderadmin.destinations import guarded_socket
from providers.kube.resolver import ThreadPerNameResolver


class AbortingConnector(aiohttp.TCPConnector):
    """Connects only to where this deployment may (`coderadmin.destinations`), at each connection anew.

    Aborts a connection that is not used again, where aiohttp says goodbye and waits for the server's goodbye.

    A silent server never gives it; the event loop would end before the socket is closed.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(resolver=ThreadPerNameResolver(), socket_factory=guarded_socket, **options)

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        if should_close or protocol.should_close:
            protocol.abort()
        super()._release(key, protocol, should_close=should_close)


def session_over(connector: aiohttp.BaseConnector) -> aiohttp.ClientSession:
    """Without cookies, and without the proxies and the .netrc that the environment names, which would get our token."""
    return aiohttp.ClientSession(connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
