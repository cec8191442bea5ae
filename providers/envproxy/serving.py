"""The HTTP server: what belongs to whom of the paths, and its limits."""

import asyncio
import logging
from typing import cast

from aiohttp import web

from providers.envproxy import pages
from providers.envproxy.beating import Heart
from providers.envproxy.config import PREFIX, Config
from providers.envproxy.connections import Connections
from providers.envproxy.proxying import Proxy
from providers.envproxy.sign_in import ENVIRONMENT, SignIn
from providers.envproxy.upstream import Path

logger = logging.getLogger(__name__)

LONGEST_LINE = 16 * 1024  # bytes, of the request line and of each header
MOST_HEADERS = 128
KEPT_ALIVE = 75.0  # seconds for the head of the first and of each further request; longer than ingress controllers wait
BACKLOG = 1024
ENVIRONMENTS = f"{PREFIX}/environments/"
UNSAFE_METHODS = ("CONNECT", "TRACE")  # one asks for another kind of proxy, the other shows cookies to scripts


class Site:
    """Answers each request, whatever it is."""

    def __init__(
        self, config: Config, *, heart: Heart, sign_in: SignIn, proxy: Proxy, connections: Connections
    ) -> None:
        self._config = config
        self._heart = heart
        self._sign_in = sign_in
        self._proxy = proxy
        self._connections = connections

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            response = await self._dispatch(request)
        except ConnectionError:
            raise
        except Exception:
            logger.exception("a request failed")
            if request.writer.output_size:
                raise ConnectionError("half a response has been sent") from None
            response = pages.failed(request)
        if not response.prepared and self._is_last(request):
            response.force_close()
        return response

    def _is_last(self, request: web.BaseRequest) -> bool:
        """Whether the connection ends with our own answer: what may still come could be taken for a request."""
        return self._connections.is_closing or "Upgrade" in request.headers or not request.content.is_eof()

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        target = request.raw_path
        if not target.startswith("/") or request.method in UNSAFE_METHODS:
            return pages.refused(request, "not_served", "Neither this method nor other hosts are served here.")
        if target.startswith(ENVIRONMENTS):
            return await self._environment(request, target.removeprefix(ENVIRONMENTS))
        match target.partition("?")[0].removeprefix(PREFIX):
            case "/healthz":
                return web.Response(text="ok")
            case "/readyz":
                return self._ready()
            case "/sign-in":
                return await self._sign_in.redeem(request)
        return pages.not_found(request, self._config.access_url)

    async def _environment(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        environment = target[:36]
        rest = target[36:]
        if not ENVIRONMENT.fullmatch(environment) or rest[:1] not in ("", "/", "?"):
            return pages.not_found(request, self._config.access_url)
        if not rest.startswith("/"):
            return web.Response(status=308, headers={"Location": f"{ENVIRONMENTS}{environment}/{rest}"})
        return await self._proxy.serve(request, Path(environment, rest))

    def _ready(self) -> web.Response:
        """From the first accepted beat on, also through a later outage, from which no session must suffer."""
        if self._connections.is_closing:
            return web.Response(status=503, text="it ends: open requests are finished, new ones belong elsewhere")
        if self._heart.was_accepted:
            return web.Response(text="ok")
        return web.Response(status=503, text="no beat has reached the control plane yet")


class Server(web.Server):
    """Closes what comes beyond the limit of connections at once, so that memory stays bounded."""

    def __init__(self, site: Site, *, max_connections: int) -> None:
        quiet = logging.getLogger("aiohttp.server")
        quiet.setLevel(logging.CRITICAL)  # it would log the lines of bad requests, cookies included
        super().__init__(
            site.answer,
            handler_cancellation=True,
            auto_decompress=False,
            keepalive_timeout=KEPT_ALIVE,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            max_headers=MOST_HEADERS,
            access_log=None,
            logger=quiet,
        )
        self._max_connections = max_connections

    def __call__(self) -> web.RequestHandler:
        if len(self.connections) >= self._max_connections:
            return cast(web.RequestHandler, _Closed())
        return super().__call__()


class _Closed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()
