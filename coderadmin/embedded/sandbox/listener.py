"""The loopback TLS port of one cluster, and what the network and TLS faults make of it."""

import asyncio
import socket
import ssl
from asyncio import sslproto
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from coderadmin.embedded.sandbox.certificates import Authority
from coderadmin.embedded.sandbox.faults import Fault

ADDRESS = "127.0.0.1"
LARGEST_BODY = 8 * 2**20
TLS_BUFFER = 16 * 1024  # bytes of each connection; asyncio takes 256 KiB and touches them all
DROP_SECONDS = 0.05  # aiohttp takes 0 for "no limit"


class Listener:
    """Serves `handler` on a port that stays the same; opening again drops every connection."""

    def __init__(self, authority: Authority, folder: Path, handler: Handler, port: int) -> None:
        sslproto.SSLProtocol.max_size = TLS_BUFFER
        self.port = _free_port(port)
        self._authority = authority
        self._folder = folder
        self._handler = handler
        self._runner: web.AppRunner | None = None
        self._reserved: socket.socket | None = None

    async def open(self, faults: frozenset[Fault]) -> None:
        """Listen as `faults` say. Unreachable means: the port is kept, but nobody listens."""
        await self.close()
        if Fault.UNREACHABLE in faults:
            self._reserved = _bound(self.port)
            return
        handler = _never_answer if Fault.SILENT in faults else self._handler
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", handler)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=DROP_SECONDS, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, ADDRESS, self.port, ssl_context=self._tls(faults), reuse_address=True).start()

    async def close(self) -> None:
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _tls(self, faults: frozenset[Fault]) -> ssl.SSLContext:
        authority = Authority.fresh("another") if Fault.UNTRUSTED_CERTIFICATE in faults else self._authority
        path = self._folder / "server.pem"
        expired, wrong_name = Fault.EXPIRED_CERTIFICATE in faults, Fault.WRONG_NAME_CERTIFICATE in faults
        authority.write_server_certificate(path, expired=expired, wrong_name=wrong_name)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context


async def _never_answer(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def _bound(port: int) -> socket.socket:
    """A socket that holds the port without listening, so that connections are refused."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((ADDRESS, port))
    return bound


def _free_port(wanted: int) -> int:
    """`wanted` when it can be had, any free port otherwise."""
    for port in (wanted, 0):
        try:
            with _bound(port) as probe:
                probe.listen(1)
                return int(probe.getsockname()[1])
        except OSError:
            continue
    raise OSError("no free port on 127.0.0.1")
