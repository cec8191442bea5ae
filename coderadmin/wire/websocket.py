"""A websocket under gunicorn's threads: the connection leaves the thread that got it, and lives in one of its own.

So a client that follows a build for minutes takes none of the few threads that answer requests.
"""

import logging
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.db import connection
from django.http import HttpRequest, HttpResponse

from coderadmin.api.problems import ProblemError

if TYPE_CHECKING:
    from simple_websocket import Server

logger = logging.getLogger(__name__)

SOCKET = "gunicorn.socket"
VERSION = "13"
MOST_OPEN = 200  # in this process
PING_SECONDS = 25  # proxies close what is silent for a minute
SEND_SECONDS = 30  # for a client that reads no more
LINGER_SECONDS = 5  # for the client's own goodbye: what it has not read yet would be lost with the connection
open_now = threading.BoundedSemaphore(MOST_OPEN)


class TakenOver(HttpResponse):
    """Gunicorn sends nothing of it and closes what it takes for the connection."""

    status_code = HTTPStatus.SWITCHING_PROTOCOLS

    def __iter__(self) -> Iterator[bytes]:
        raise StopIteration


def serve(request: HttpRequest, conversation: Callable[["Server"], None]) -> HttpResponse:
    """Hold `conversation` in a thread of its own; it ends when that returns. Raises ProblemError."""
    if not _is_handshake(request):
        headers = {"Upgrade": "websocket", "Sec-WebSocket-Version": VERSION}
        raise ProblemError(HTTPStatus.UPGRADE_REQUIRED, "websocket", "This is a websocket.", headers=headers)
    if SOCKET not in request.META:
        raise ProblemError(HTTPStatus.NOT_IMPLEMENTED, "websocket", "This server has no websockets: use gunicorn.")
    if not open_now.acquire(blocking=False):
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "websocket", "Too many follow builds now. Try again later.")
    try:
        environ = request.META | {SOCKET: _take(request.META[SOCKET])}
        threading.Thread(target=_converse, args=(environ, conversation), name="websocket", daemon=True).start()
    except BaseException:
        open_now.release()
        raise
    return TakenOver()


def _is_handshake(request: HttpRequest) -> bool:
    """RFC 6455, 4.2.1."""
    sent = request.headers
    return (
        request.method == "GET"
        and sent.get("Upgrade", "").lower() == "websocket"
        and "upgrade" in sent.get("Connection", "").lower()
        and sent.get("Sec-WebSocket-Version") == VERSION
        and bool(sent.get("Sec-WebSocket-Key"))
    )


def _take(theirs: socket.socket) -> socket.socket:
    """The connection, ours alone: theirs becomes a socket that is connected to nothing, to shut down and close."""
    ours = theirs.dup()
    with socket.socket() as unconnected:
        os.dup2(unconnected.fileno(), theirs.fileno(), inheritable=False)
    ours.setblocking(True)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
    return ours


def _converse(environ: dict[str, object], conversation: Callable[["Server"], None]) -> None:
    from simple_websocket import ConnectionClosed, ConnectionError, Server  # 1 MB, for the first who follows a build

    try:
        websocket = Server.accept(environ, ping_interval=PING_SECONDS)
        conversation(websocket)
        websocket.close()
        websocket.thread.join(LINGER_SECONDS)
    except (ConnectionClosed, ConnectionError, OSError) as error:
        logger.info("a websocket ended: %s", error)
    except Exception:
        logger.exception("a websocket failed")
    finally:
        connection.close()
        environ[SOCKET].close()  # type: ignore[attr-defined]
        open_now.release()
