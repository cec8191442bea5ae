"""`python -m benchmarks.origin PORT`: an environment's program that costs as little as possible, and a control plane.

It answers on bytes, without a library: what is measured should be the proxy.
"""

import asyncio
import json
import sys

LARGE = 64 * 1024 * 1024  # bytes
PART = bytes(256 * 1024)
SMALL = b"x" * 1024
FRAMES = {"small-messages": 64, "big-messages": 60_000}  # bytes of a websocket message, by path
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
UPGRADE = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"
)
MASK = bytes(4)


def frame(payload: bytes, *, masked: bool) -> bytes:
    """One binary message; a mask of zeros changes nothing."""
    size, flag = len(payload), 0x80 if masked else 0
    length = bytes([flag | size]) if size < 126 else bytes([flag | 126]) + size.to_bytes(2, "big")
    return b"\x82" + length + (MASK if masked else b"") + payload


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await answer(head, reader, writer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    path = head.split(b" ", 2)[1].decode()
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    name = path.rpartition("/")[2]
    if name in FRAMES:
        writer.write(UPGRADE)
        await echo(reader, writer, FRAMES[name])
    elif name == "download":
        writer.write(HEAD % LARGE)
        for _ in range(LARGE // len(PART)):
            writer.write(PART)
            await writer.drain()
    elif name == "upload":
        while length > 0:
            length -= len(await reader.read(len(PART)))
        writer.write(HEAD % len(SMALL) + SMALL)
    elif path.startswith("/api/"):
        body = json.dumps(control(name, json.loads(await reader.readexactly(length)))).encode()
        writer.write(HEAD.replace(b"octet-stream", b"json") % len(body) + body)
    else:
        writer.write(HEAD % len(SMALL) + SMALL)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int) -> None:
    back, incoming = frame(bytes(size), masked=False), len(frame(bytes(size), masked=True))
    while True:
        await reader.readexactly(incoming)
        writer.write(back)
        await writer.drain()


def control(call: str, document: dict) -> dict:
    """Allows everything."""
    if call == "beat":
        return {"provider": "bench", "interval_seconds": 15}
    allowed = {"allowed": True, "state": "on", "service": "env", "port": 3000}
    return {"verdicts": [allowed for _ in document["uses"]], "ask_again_seconds": 10}


async def main(port: int) -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=1024 * 1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
