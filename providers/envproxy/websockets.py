"""Websockets: once both sides have agreed, bytes go through as they come, whatever it is that they agreed on."""

import asyncio
import contextlib

import aiohttp
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import StreamWriter

from providers.envproxy.access import Use
from providers.envproxy.connections import Connection
from providers.envproxy.frames import Frames, closing
from providers.envproxy.relaying import Relayed

BUFFER = 64 * 1024  # bytes of one direction, before its sender is paused
LAST_WORDS = 2.0  # seconds for what is on its way when one side has ended


class Side:
    """One of the two connections. It stands where aiohttp's protocols expect their parser of websocket frames."""

    def __init__(self, protocol: BaseProtocol, *, is_server: bool) -> None:
        loop = asyncio.get_running_loop()
        self._is_server = is_server
        self._received = aiohttp.StreamReader(protocol, BUFFER, loop=loop)
        self._writer = StreamWriter(protocol, loop)
        self._sent = Frames()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """aiohttp's question whether the protocol is at its end, and what is left over."""
        self._received.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        self._received.feed_eof()

    async def pass_on_to(self, other: "Side", use: Use) -> None:
        """Until this side ends. A slow `other` slows this one down."""
        with contextlib.suppress(ConnectionError):
            async for data in self._received.iter_any():
                use.is_active |= other._sent.follow(data)
                await other._writer.write(data)

    async def say_goodbye(self, code: int) -> None:
        """Unless a frame is half sent."""
        if self._sent.is_between:
            with contextlib.suppress(ConnectionError):
                await self._writer.write(closing(code, masked=self._is_server), drain=False)

    async def ended(self) -> None:
        """Waits for the other end's answer to a goodbye, and drops what it says before."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                async for _ in self._received.iter_any():
                    pass


async def tunnel(
    request: web.BaseRequest, answer: aiohttp.ClientResponse, response: Relayed, use: Use, connection: Connection
) -> None:
    """Until one side ends or is gone, or `connection` is ended, which both sides are told by its close code."""
    assert answer.connection is not None and answer.connection.protocol is not None  # noqa: S101 - after a 101
    client, server = Side(request.protocol, is_server=False), Side(answer.connection.protocol, is_server=True)
    response.force_close()
    await response.prepare(request)
    request.protocol.set_parser(client)  # type: ignore[arg-type] # whatever takes bytes
    answer.connection.protocol.set_parser(server, None)
    upwards = asyncio.create_task(client.pass_on_to(server, use))
    downwards = asyncio.create_task(server.pass_on_to(client, use))
    try:
        await asyncio.wait([upwards, downwards], return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        if connection.close_code is None:  # the client is gone: what it said last still goes up
            await asyncio.wait([upwards], timeout=LAST_WORDS)
            raise
        await _stop(upwards, downwards)
        await server.say_goodbye(connection.close_code)
        await client.say_goodbye(connection.close_code)
        await client.ended()
    finally:
        await _stop(upwards, downwards)
        answer.close()


async def _stop(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
