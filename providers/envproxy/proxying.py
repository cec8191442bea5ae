"""What happens to a request for an environment: permission, state, and the way to its Service and back."""

import logging

import aiohttp
from aiohttp import web

from providers.envproxy import headers, pages
from providers.envproxy.access import Access, Use
from providers.envproxy.config import Config
from providers.envproxy.connections import Connection, Connections
from providers.envproxy.control_plane import Unreachable
from providers.envproxy.relaying import Relayed, RequestBody, send_down
from providers.envproxy.sign_in import SignIn
from providers.envproxy.upstream import Path, Upstream
from providers.envproxy.websockets import tunnel

logger = logging.getLogger(__name__)

STOPPED = ("off", "creating", "failed")


class Proxy:
    def __init__(
        self, config: Config, *, access: Access, sign_in: SignIn, upstream: Upstream, connections: Connections
    ) -> None:
        self._config = config
        self._access = access
        self._sign_in = sign_in
        self._upstream = upstream
        self._connections = connections

    async def serve(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        """Nothing reaches the environment before the control plane has allowed it."""
        with self._connections.open() as connection:
            return await self._serve(request, path, connection)

    async def _serve(self, request: web.BaseRequest, path: Path, connection: Connection) -> web.StreamResponse:
        session = headers.session_of(request.headers)
        if session is None:
            return self._sign_in.ask_for(request, path)
        try:
            use = await self._access.use(session, path.environment)
        except Unreachable:
            return pages.cut_off(request, self._config.access_url)
        if not use.verdict.is_allowed:
            return self._sign_in.ask_for(request, path)
        if use.verdict.state in STOPPED:
            return pages.stopped(request, use.verdict.state, self._sign_in.environment_url(path.environment))
        if (refusal := self._refusal(request)) is not None:
            return refusal
        with use.carrying(connection):
            return await self._forward(request, path, use, connection)

    def _refusal(self, request: web.BaseRequest) -> web.Response | None:
        """Of what a page of another host tries, and of a body whose coding we would have to undo."""
        if request.headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":
            return pages.refused(request, "transfer_coding", "Send the body plainly or chunked.", status=501)
        if not headers.wants_websocket(request.headers):
            return None
        if request.method != "GET" or "Content-Length" in request.headers or "Transfer-Encoding" in request.headers:
            return pages.refused(request, "not_a_websocket", "A websocket begins with GET, without a body.")
        origin = request.headers.get("Origin")
        own = (self._config.public_host, request.headers.get("Host", "").lower())
        if origin is not None and origin.partition("://")[2].lower() not in own:
            return pages.refused(request, "foreign_origin", "It comes from a page of another host.", status=403)
        return None

    async def _forward(
        self, request: web.BaseRequest, path: Path, use: Use, connection: Connection
    ) -> web.StreamResponse:
        body = RequestBody(request, use)
        passed = self._request_headers(request, path, use)
        environment_url = self._sign_in.environment_url(path.environment)
        try:
            source = await body.send(self._upstream, path.rest, passed, seconds=self._config.response_timeout)
        except TimeoutError:
            return pages.too_slow(request, environment_url)
        except aiohttp.ClientError as error:
            logger.info("environment %s does not answer: %s", path.environment, type(error).__name__)
            return pages.no_answer(request, environment_url)
        async with source:
            return await self._answer(request, source, path, use, connection, is_last=body.client_waits)

    async def _answer(
        self,
        request: web.BaseRequest,
        source: aiohttp.ClientResponse,
        path: Path,
        use: Use,
        connection: Connection,
        *,
        is_last: bool,
    ) -> web.StreamResponse:
        """`is_last`: the client's connection carries no further request."""
        passed = headers.for_browser(
            source.headers,
            prefix=path.prefix,
            service_host=self._upstream.host(use.verdict),
            public_host=self._config.public_host,
        )
        response = Relayed(status=source.status, reason=source.reason, headers=passed)
        if source.status == 101:
            if not headers.wants_websocket(request.headers):
                return pages.no_answer(request, self._sign_in.environment_url(path.environment))
            response.headers.update({"Connection": "Upgrade", "Upgrade": "websocket"})
            await tunnel(request, source, response, use, connection)
            return response
        if is_last or "Upgrade" in request.headers or self._connections.is_closing:
            response.force_close()
        await send_down(request, source, response, use)
        return response

    def _request_headers(self, request: web.BaseRequest, path: Path, use: Use) -> headers.Headers:
        forwarded = {
            "For": request.remote or "",
            "Host": self._config.public_host,
            "Prefix": path.prefix,
            "Proto": self._config.public_scheme,
        }
        passed = headers.for_upstream(request.headers, forwarded=forwarded, host=self._upstream.host(use.verdict))
        if headers.wants_websocket(request.headers):
            passed.update({"Connection": "Upgrade", "Upgrade": "websocket"})
        return passed
