"""Requests to environments' Services."""

from collections.abc import AsyncIterable
from dataclasses import dataclass

import aiohttp
from yarl import URL

from providers.envproxy.access import Verdict
from providers.envproxy.config import PREFIX, Config
from providers.envproxy.headers import Headers
from providers.kube.resolver import ThreadPerNameResolver

CONNECT_SECONDS = 5.0
KEPT_ALIVE = 4.0  # seconds; Node's servers, the commonest there, end an idle connection after 5
LONGEST_LINE = 32 * 1024  # bytes, of a response's header
OURS_TO_SAY = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # what the client library would add


@dataclass(frozen=True, slots=True)
class Path:
    """A request's target: `rest` is everything behind the environment's id, as it came, and begins with a slash."""

    environment: str
    rest: str

    @property
    def prefix(self) -> str:
        return f"{PREFIX}/environments/{self.environment}"


class Upstream:
    """Keeps its connections; to be closed by `aclose`."""

    def __init__(self, config: Config) -> None:
        self._gateway = config.service_gateway
        self._domain = f"{config.namespace}{config.domain_suffix}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_ALIVE, resolver=ThreadPerNameResolver()),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=OURS_TO_SAY,
            auto_decompress=False,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
        )

    async def aclose(self) -> None:
        await self._session.close()

    def host(self, verdict: Verdict) -> str:
        """As in the header Host."""
        return f"{verdict.service}.{self._domain}:{verdict.port}"

    async def request(
        self, method: str, verdict: Verdict, rest: str, headers: Headers, body: AsyncIterable[bytes] | None = None
    ) -> aiohttp.ClientResponse:
        """The response, of which the head has come. Raises aiohttp.ClientError, or TimeoutError for no connection."""
        url = URL(f"http://{self._gateway or self.host(verdict)}{rest}", encoded=True)
        return await self._session.request(method, url, headers=headers, data=body, allow_redirects=False)
