"""Small servers on loopback that behave, or misbehave, as an API server might."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
VERSION = (200, {"gitVersion": "v1.31.2"})


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]


@dataclass
class ApiServer:
    """Answers by path, without its query; an unknown path gets the plain 404 of a Kubernetes API."""

    answers: dict[str, tuple[int, Any]]
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while request := await _read_request(reader):
            self.requests.append(request)
            status, body = self.answers.get(request.path.partition("?")[0], (404, "404 page not found\n"))
            text = body if isinstance(body, str) else json.dumps(body)
            extra = "Location: /elsewhere\r\n" if status == 302 else ""
            head = f"HTTP/1.1 {status} -\r\n{extra}Content-Length: {len(text.encode())}\r\n\r\n"
            writer.write((head + text).encode())
            await writer.drain()
        writer.close()


def status(code: int, reason: str, message: str = "", **details: Any) -> tuple[int, dict[str, Any]]:
    """An error answer as the API server writes it."""
    return code, {"kind": "Status", "code": code, "reason": reason, "message": message, "details": details}


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything and says nothing until the client gives up."""
    await reader.read()
    writer.close()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


@asynccontextmanager
async def serving(handler: Handler, context: ssl.SSLContext | None) -> AsyncIterator[str]:
    """The https address of a server on loopback; its connections are gone afterwards."""
    running: set[asyncio.Task] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.current_task())
        try:
            await handler(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)  # lets aborted transports close


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().splitlines()
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers)
