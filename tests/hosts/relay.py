"""Passes TCP connections on: `relay.py ADDRESS PORT=HOST:PORT PORT=/UNIX/SOCKET …`, until it is killed."""

import asyncio
import sys
from contextlib import suppress
from functools import partial

CHUNK = 65536


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        writer.write_eof()


async def connect(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if target.startswith("/"):
        return await asyncio.open_unix_connection(target)
    host, _, port = target.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def serve(target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        onward_reader, onward_writer = await connect(target)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pass_on(reader, onward_writer), pass_on(onward_reader, writer))
    for each in (writer, onward_writer):
        each.close()


async def main(address: str, *ways: str) -> None:
    servers = []
    for way in ways:
        port, _, target = way.partition("=")
        servers.append(await asyncio.start_server(partial(serve, target), address, int(port)))
    print("ready", flush=True)  # noqa: T201
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main(*sys.argv[1:]))
