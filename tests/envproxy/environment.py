"""The program in an environment that the tests reach through envproxy."""

import asyncio
import gzip
import hashlib
import json

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from tests.envproxy.names import SERVICE_HOST

GZIPPED = gzip.compress(b"hello " * 100, mtime=0)


class Environment:
    """One handler a path. `let_go` releases those who wait."""

    def __init__(self) -> None:
        self.open_websockets = 0
        self.forget()

    def forget(self) -> None:
        self.let_go = asyncio.Event()
        self.cancelled = 0
        self.sent = 0
        self.websocket_ends: list[int | None] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        name = request.raw_path.partition("?")[0].strip("/").replace("-", "_")
        method = getattr(self, f"on_{name}", None)
        return await (method or self.on_echo)(request)

    async def on_echo(self, request: web.BaseRequest) -> web.StreamResponse:
        """What came in, as JSON."""
        body = await request.content.read()
        document = {
            "method": request.method,
            "target": request.raw_path,
            "headers": [[name, value] for name, value in request.headers.items()],
            "body": body.decode("latin-1"),
        }
        return web.Response(text=json.dumps(document), content_type="application/json")

    async def on_upload(self, request: web.BaseRequest) -> web.StreamResponse:
        digest, size = hashlib.sha256(), 0
        async for part in request.content.iter_any():
            digest.update(part)
            size += len(part)
        return web.Response(text=f"{size} {digest.hexdigest()}")

    async def on_too_large(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.Response(status=413, text="too large")
        response.force_close()
        return response

    async def on_events(self, request: web.BaseRequest) -> web.StreamResponse:
        """One event; the next when the test lets go."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: one\n\n")
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        await response.write(b"data: two\n\n")
        return response

    async def on_flood(self, request: web.BaseRequest) -> web.StreamResponse:
        """200 MB for those who take them."""
        response = web.StreamResponse()
        await response.prepare(request)
        part = bytes(1024 * 1024)
        for _ in range(200):
            await response.write(part)
            self.sent += len(part)
        return response

    async def on_gzipped(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=GZIPPED, headers={"Content-Encoding": "gzip", "ETag": '"1"'})

    async def on_cookies(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = CIMultiDict[str]()
        for cookie in ("a=1; Path=/; HttpOnly", "b=2; Domain=example.com; path=/lab", "coderadmin_environment=x"):
            headers.add("Set-Cookie", cookie)
        return web.Response(headers=headers)

    async def on_redirect(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": f"http://{SERVICE_HOST}/lab?x=1"})

    async def on_nothing(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=204)

    async def on_unchanged(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=304, headers={"ETag": '"1"'})

    async def on_untyped(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport
        request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\n\r\nhi")
        return await self._hang_up(request)

    async def on_long_header(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(headers={"X-Long": "x" * 20_000})

    async def on_broken(self, request: web.BaseRequest) -> web.StreamResponse:
        """Breaks off in the middle."""
        assert request.transport
        request.transport.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        return await self._hang_up(request)

    async def on_broken_early(self, request: web.BaseRequest) -> web.StreamResponse:
        return await self._hang_up(request)

    async def on_no_http(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport
        request.transport.write(b"SSH-2.0-OpenSSH_9\r\n")
        return await self._hang_up(request)

    async def on_silent(self, request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async def _hang_up(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport
        request.transport.close()
        return web.Response()

    async def on_websocket(self, request: web.BaseRequest) -> web.StreamResponse:
        """An echo that tells what the handshake said on demand, and closes as it is told."""
        websocket = web.WebSocketResponse(
            protocols=["terminal"], autoping=False, autoclose=False, max_msg_size=0, timeout=2
        )
        await websocket.prepare(request)
        self.open_websockets += 1
        try:
            async for message in websocket:
                match message.type, message.data:
                    case aiohttp.WSMsgType.TEXT, "headers":
                        await websocket.send_json(dict(request.headers))
                    case aiohttp.WSMsgType.TEXT, str(text) if text.startswith("close "):
                        await websocket.close(code=int(text.removeprefix("close ")), message=b"as told")
                    case aiohttp.WSMsgType.TEXT, text:
                        await websocket.send_str(text)
                    case aiohttp.WSMsgType.BINARY, data:
                        await websocket.send_bytes(data)
                    case aiohttp.WSMsgType.PING, data:
                        await websocket.pong(b"pong of " + data)
                    case aiohttp.WSMsgType.CLOSE, code:
                        await websocket.close(code=code)
        finally:
            self.open_websockets -= 1
            self.websocket_ends.append(websocket.close_code)
        return websocket

    async def on_refused_websocket(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=403, text="not for you")
