"""HTTP in both directions, streamed: nothing is held back, decoded or kept."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import hdrs, web

from providers.envproxy.access import Use
from providers.envproxy.headers import Headers
from providers.envproxy.upstream import Upstream

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Relayed(web.StreamResponse):
    """A response that says what the environment said: aiohttp would add a Content-Type where there is none."""

    async def _prepare_headers(self) -> None:
        had_type = hdrs.CONTENT_TYPE in self.headers
        self.headers.setdefault(hdrs.SERVER, "envproxy")
        await super()._prepare_headers()
        if not had_type:
            self.headers.popall(hdrs.CONTENT_TYPE, None)

    def send_head_with_body(self) -> None:
        """In one packet instead of two, which halves the cost of a small response."""
        self._send_headers_immediately = False


class RequestBody:
    """What the client sends, asked for when the environment takes it.

    `put_off` is called with each part: the time for an answer counts from the last one.
    """

    def __init__(self, request: web.BaseRequest, use: Use) -> None:
        self._request = request
        self._use = use
        self.client_waits = request.headers.get(hdrs.EXPECT, "").lower() == "100-continue"
        self.deadline: asyncio.Timeout | None = None
        self.seconds = 0.0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.client_waits:
            self.client_waits = False
            await self._request.writer.write(CONTINUE)
            self._request.writer.output_size = 0  # else aiohttp takes it for the beginning of the response
        async for part in self._request.content.iter_any():
            self._use.is_active = True
            if self.deadline:
                self.deadline.reschedule(asyncio.get_running_loop().time() + self.seconds)
            yield part

    async def send(self, upstream: Upstream, rest: str, headers: Headers, *, seconds: float) -> aiohttp.ClientResponse:
        """The environment's response, of which the head has come.

        Raises TimeoutError when it does not come within so many seconds from the last part of the body on.
        """
        request, self.seconds = self._request, seconds
        body = self if request.can_read_body else None
        async with asyncio.timeout(seconds) as self.deadline:
            try:
                return await upstream.request(request.method, self._use.verdict, rest, headers, body)
            finally:
                self.deadline = None


async def send_down(request: web.BaseRequest, source: aiohttp.ClientResponse, response: Relayed, use: Use) -> None:
    """The whole response. When the environment breaks it off, the client's connection breaks as well, so that
    nobody takes a part for the whole."""
    if source.content.is_eof():
        response.send_head_with_body()
    await response.prepare(request)
    try:
        async for part in source.content.iter_any():
            use.is_active = True
            await response.write(part)
    except aiohttp.ClientError:
        if request.transport:
            request.transport.abort()
        return
    await response.write_eof()
