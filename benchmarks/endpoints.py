"""Thousands of clusters on loopback: `python -m benchmarks.endpoints FOLDER` serves until it is stopped.

Each has an address of its own (127.20.0.1 and on), a certificate of its own by one CA, and the answers that a check of
a healthy provider reads. `FOLDER/fleet.json` says where they are; a line of JSON to the control port changes how they
behave.
"""

import asyncio
import ipaddress
import json
import random
import socket
import ssl
import sys
import tempfile
from asyncio import sslproto
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.answers import SERVER_ERROR, answer_to
from benchmarks.authority import Authority

FIRST = int(ipaddress.IPv4Address("127.20.0.1"))
BACKLOG = 4096
TLS_BUFFER = 16 * 1024  # bytes of each connection; asyncio would take 256 KiB
ABORTED, SILENT, FAILING = "aborted", "silent", "failing"


def address_of(number: int) -> str:
    return str(ipaddress.IPv4Address(FIRST + number))


@dataclass
class Behaviour:
    """`modes` of single endpoints by number, the others are well; `share` of answers that are errors, at random."""

    delay: float = 0.0
    share: float = 0.0
    modes: dict[int, str] = field(default_factory=dict)
    requests: int = 0

    def change(self, wanted: dict[str, Any]) -> None:
        self.delay = wanted.get("delay", self.delay)
        self.share = wanted.get("share", self.share)
        self.modes = {number: mode for mode, numbers in wanted.get("modes", {}).items() for number in numbers}


class Fleet:
    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.authority = Authority()
        self.open: dict[int, set[asyncio.Transport]] = {}
        self.context = cache(self._context)

    def _context(self, number: int) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(self.authority.issue(address_of(number)))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def change(self, wanted: dict[str, Any]) -> None:
        """From now on; endpoints whose mode changes lose their connections."""
        before = dict(self.behaviour.modes)
        self.behaviour.change(wanted)
        for number in before.keys() | self.behaviour.modes.keys():
            if before.get(number) != self.behaviour.modes.get(number):
                self.drop(number)

    def drop(self, number: int) -> None:
        for transport in list(self.open.get(number, ())):
            transport.abort()


class Door(asyncio.Protocol):
    """A connection before TLS: which endpoint it is for, and whether that is well."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.greeting: asyncio.Task | None = None

    def connection_made(self, transport: Any) -> None:
        number = int(ipaddress.IPv4Address(transport.get_extra_info("sockname")[0])) - FIRST
        mode = self.fleet.behaviour.modes.get(number)
        if number < 0 or mode == ABORTED:
            transport.abort()
        elif mode != SILENT:
            self.greeting = asyncio.create_task(self._greet(transport, number))

    async def _greet(self, transport: asyncio.Transport, number: int) -> None:
        speaker = Speaker(self.fleet, number)
        loop = asyncio.get_running_loop()
        try:
            secure = await loop.start_tls(transport, speaker, self.fleet.context(number), server_side=True)
        except OSError:
            return
        if secure is not None:
            speaker.begin(secure)


class Speaker(asyncio.Protocol):
    """A connection that speaks HTTP/1.1, one request after the other."""

    def __init__(self, fleet: Fleet, number: int) -> None:
        self.fleet = fleet
        self.number = number
        self.transport: asyncio.Transport | None = None
        self.received = b""

    def begin(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.fleet.open.setdefault(self.number, set()).add(transport)
        self._answer()

    def connection_lost(self, _error: Exception | None) -> None:
        if self.transport:
            self.fleet.open[self.number].discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._answer()

    def _answer(self) -> None:
        """What is complete of what was received; before `begin` it waits."""
        while self.transport and (end := _end_of_request(self.received)):
            request, self.received = self.received[:end], self.received[end:]
            behaviour = self.fleet.behaviour
            behaviour.requests += 1
            mode = behaviour.modes.get(self.number)
            is_failing = mode == FAILING or (behaviour.share and random.random() < behaviour.share)  # noqa: S311
            answer = SERVER_ERROR if is_failing else answer_to(request)
            if behaviour.delay:
                asyncio.get_running_loop().call_later(behaviour.delay, self.transport.write, answer)
            else:
                self.transport.write(answer)


def _end_of_request(data: bytes) -> int:
    """0 while it is not complete."""
    head = data.find(b"\r\n\r\n") + 4
    if head < 4:
        return 0
    _, found, rest = data[:head].lower().partition(b"content-length:")
    end = head + (int(rest.partition(b"\r\n")[0]) if found else 0)
    return end if len(data) >= end else 0


async def _serve(folder: Path) -> None:
    fleet = Fleet()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Door(fleet), "0.0.0.0", 0, backlog=BACKLOG)  # noqa: S104 - for 127.0.0.0/8
    control = await asyncio.start_server(_controlled(fleet), "127.0.0.1", 0)
    with socket.socket() as reserved:
        reserved.bind(("0.0.0.0", 0))  # noqa: S104 - nobody listens there
        ports = {"port": _port(server.sockets), "control": _port(control.sockets), "refused": _port([reserved])}
        partial = folder / "fleet.part"
        partial.write_text(json.dumps(ports | {"ca_pem": fleet.authority.pem}))
        partial.rename(folder / "fleet.json")
        await server.serve_forever()


def _port(sockets: Iterable[socket.socket]) -> int:
    return int(next(iter(sockets)).getsockname()[1])


def _controlled(fleet: Fleet) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One line in; how many requests there were, out."""
        fleet.change(json.loads(await reader.readline()))
        writer.write(f"{fleet.behaviour.requests}\n".encode())
        await writer.drain()
        writer.close()

    return take


if __name__ == "__main__":
    sslproto.SSLProtocol.max_size = TLS_BUFFER
    asyncio.run(_serve(Path(sys.argv[1])))
