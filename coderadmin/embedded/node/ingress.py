"""The ingress: reads the head of a request, chooses a pod, and from then on passes bytes both ways.

Each connection carries one request, so that each request finds the pods that are ready at that moment; websockets,
uploads and streams go through as they come, at the pace of the slower side.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from coderadmin.embedded.node.routes import Cluster, NoRouteError, ports_for

logger = logging.getLogger(__name__)
HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 30.0
CHUNK_BYTES = 64 * 1024
LINGER_SECONDS = 2.0  # for a client that is still sending when the answer is complete
_UPGRADE = re.compile(rb"^connection:[^\r\n]*\bupgrade\b", re.IGNORECASE | re.MULTILINE)
_CONNECTION = re.compile(rb"^(?:connection|keep-alive):[^\r\n]*\r\n", re.IGNORECASE | re.MULTILINE)
_HOST = re.compile(rb"^host:[ \t]*([^\r\n]*?)[ \t]*\r\n", re.IGNORECASE | re.MULTILINE)
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class BadRequestError(Exception):
    """This is no HTTP request with a host."""


@dataclass(frozen=True)
class Ingress:
    clusters: Sequence[Cluster]

    async def serve(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._handle, host, port, limit=HEAD_BYTES)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            pod = await self._connect(head)
            await _pass_through((reader, writer), pod, closing_head(head))
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            pass
        except (asyncio.LimitOverrunError, BadRequestError):
            await _refuse(writer, "400 Bad Request", "This is no HTTP request that an ingress understands.")
        except NoRouteError:
            await _refuse(writer, "404 Not Found", "No provider answers at this host and path.")
        except NoPodError:
            await _refuse(writer, "503 Service Unavailable", "No envproxy of this provider is ready. Try again soon.")
        finally:
            writer.close()

    async def _connect(self, head: bytes) -> Stream:
        """A connection to a pod that is ready. Raises BadRequestError, NoRouteError, NoPodError."""
        host, path = host_and_path(head)
        for port in ports_for(self.clusters, host, path):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port, limit=HEAD_BYTES)
        raise NoPodError


class NoPodError(Exception):
    """The rule's pods are not ready, or none accepts a connection."""


def host_and_path(head: bytes) -> tuple[str, str]:
    """The host without its port, in lower case, and the path without the query. Raises BadRequestError."""
    words, host = head.split(b"\r\n", 1)[0].split(b" "), _HOST.search(head)
    if len(words) != 3 or not words[2].startswith(b"HTTP/1.") or not host:
        raise BadRequestError
    name = re.sub(r":\d*$", "", host[1].decode("latin-1")).lower()
    return name, words[1].decode("latin-1").split("?", 1)[0]


def closing_head(head: bytes) -> bytes:
    """The head of a request that is the last on its connection; an upgrade stays as it is."""
    if _UPGRADE.search(head):
        return head
    return _CONNECTION.sub(b"", head)[:-2] + b"Connection: close\r\n\r\n"


async def _pass_through(client: Stream, pod: Stream, head: bytes) -> None:
    pod_reader, pod_writer = pod
    pod_writer.write(head)
    upload = asyncio.create_task(_copy(client[0], pod_writer))
    try:
        await _copy(pod_reader, client[1])
        with suppress(TimeoutError):
            await asyncio.wait_for(upload, LINGER_SECONDS)
    finally:
        upload.cancel()
        pod_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on until the end, then say that this was the end; a side that is gone ends it."""
    with suppress(ConnectionError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def _refuse(writer: asyncio.StreamWriter, status: str, sentence: str) -> None:
    body = f"{sentence}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    with suppress(ConnectionError):
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
