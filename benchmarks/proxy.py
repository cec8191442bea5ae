"""What envproxy costs: the same batches of requests and messages directly and through it, in turns."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.measures import Sample
from benchmarks.origin import FRAMES, LARGE, PART, SMALL, frame
from benchmarks.stack import Stack, free_port, wait_for
from coderadmin.embedded.processes import Child

ENVIRONMENT = "/proxy/environments/00000000-0000-4000-8000-000000000000"
COOKIE = "Cookie: coderadmin_environment=a-session-of-the-benchmark\r\n"
CONNECTIONS = 8
REQUESTS = 50  # of each connection in a batch
MESSAGES = {"small-messages": 1000, "big-messages": 200}  # in a batch
WINDOW = 16  # messages on their way at a time


@dataclass(frozen=True)
class Way:
    """Where a client connects to, and what its paths begin with."""

    port: int
    prefix: str

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1024 * 1024)

    def head(self, method: str, name: str, *lines: str) -> bytes:
        more = "".join(f"{line}\r\n" for line in lines)
        return f"{method} {self.prefix}/{name} HTTP/1.1\r\nHost: bench\r\n{COOKIE}{more}\r\n".encode()


Batch = Callable[[Way], Awaitable[None]]


def measure(stack: Stack, *, rounds: int) -> list[Sample]:
    """Milliseconds of a batch, `rounds` of each: one directly, one through the proxy, and so on."""
    _, *ways = start_envproxy(stack)
    samples: list[Sample] = []
    for name, batch in BATCHES.items():
        samples += asyncio.run(_compare(name, batch, ways, rounds))
    return samples


def start_envproxy(stack: Stack) -> tuple[Child, Way, Way]:
    """The program, and the ways to an environment: directly, and through it."""
    origin, proxy = free_port(), free_port()
    stack.start("origin", [sys.executable, "-m", "benchmarks.origin", str(origin)], dict(os.environ))
    wait_for(lambda: asyncio.run(_answers(Way(origin, ""))), "the origin does not answer")
    program = stack.start("envproxy", [sys.executable, "-m", "coderadmin.cli", "envproxy"], _settings(origin, proxy))
    ways = Way(origin, ""), Way(proxy, ENVIRONMENT)
    wait_for(lambda: asyncio.run(_answers(ways[1])), "envproxy does not answer")
    return program, *ways


def _settings(origin: int, proxy: int) -> dict[str, str]:
    return {
        **os.environ,
        "CEMANAGER_ACCESS_URL": f"http://127.0.0.1:{origin}",
        "CEMANAGER_TOKEN": "bench",
        "ENVPROXY_ACCESS_URL": f"http://127.0.0.1:{proxy}/proxy",
        "CLUSTER_ADDRESS": "https://127.0.0.1:1",
        "NAMESPACE": "bench",
        "ENVPROXY_HOST": "127.0.0.1",
        "ENVPROXY_PORT": str(proxy),
        "SERVICE_GATEWAY": f"127.0.0.1:{origin}",
    }


async def _answers(way: Way) -> bool:
    try:
        await _small_requests_of_one(way, 1)
    except (OSError, asyncio.IncompleteReadError):
        return False
    return True


async def _compare(name: str, batch: Batch, ways: Sequence[Way], rounds: int) -> list[Sample]:
    direct = Sample(name=f"{name}, direct")
    through = Sample(name=f"{name}, through envproxy", baselines=[direct.name])
    for way in ways:
        await batch(way)  # a first one that is not counted
    for _ in range(rounds):
        for way, sample in zip(ways, (direct, through), strict=True):
            started = time.perf_counter()
            await batch(way)
            sample.values.append((time.perf_counter() - started) * 1000)
    return [direct, through]


async def _small_requests(way: Way) -> None:
    await asyncio.gather(*(_small_requests_of_one(way, REQUESTS) for _ in range(CONNECTIONS)))


async def _small_requests_of_one(way: Way, count: int) -> None:
    reader, writer = await way.connect()
    for _ in range(count):
        writer.write(way.head("GET", "small"))
        await _take(reader, len(SMALL))
    writer.close()


async def _download(way: Way) -> None:
    reader, writer = await way.connect()
    writer.write(way.head("GET", "download"))
    await _take(reader, LARGE)
    writer.close()


async def _upload(way: Way) -> None:
    reader, writer = await way.connect()
    writer.write(way.head("POST", "upload", f"Content-Length: {LARGE}"))
    for _ in range(LARGE // len(PART)):
        writer.write(PART)
        await writer.drain()
    await _take(reader, len(SMALL))
    writer.close()


async def _take(reader: asyncio.StreamReader, size: int) -> None:
    """One response of so many bytes; raises ConnectionError for any but 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError(head.decode(errors="replace"))
    while size > 0:
        part = await reader.read(size)
        if not part:
            raise ConnectionError("the response ended early")
        size -= len(part)


def _messages(kind: str) -> Batch:
    out, back = frame(bytes(FRAMES[kind]), masked=True), len(frame(bytes(FRAMES[kind]), masked=False))

    async def batch(way: Way) -> None:
        reader, writer = await way.connect()
        upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA==")
        writer.write(way.head("GET", kind, *upgrade))
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(WINDOW):
            writer.write(out)
        for number in range(MESSAGES[kind]):
            await reader.readexactly(back)
            if number < MESSAGES[kind] - WINDOW:
                writer.write(out)
        writer.close()

    return batch


BATCHES: dict[str, Batch] = {
    f"{CONNECTIONS * REQUESTS} small requests": _small_requests,
    "download of 64 MiB": _download,
    "upload of 64 MiB": _upload,
    f"{MESSAGES['small-messages']} websocket messages of 64 bytes": _messages("small-messages"),
    f"{MESSAGES['big-messages']} websocket messages of 60 kB": _messages("big-messages"),
}
