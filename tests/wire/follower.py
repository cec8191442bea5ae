"""The client's websocket, as nhooyr.io/websocket 1.8.7 dials it: no Origin, compression offered, 32 KiB a message."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, RejectConnection, RejectData, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from tests.wire.go import BUILD_LOG, decoded
from tests.wire.original import Answer, CoderError

READ_LIMIT = 32 * 1024
KNOWN = ("start", "stage", "substage", "error", "done")
WAIT_SECONDS = 20


class Follower:
    """`path`: without the base URL's own path, which the client drops for websockets."""

    def __init__(self, url: str, token: str, path: str) -> None:
        """Raises CoderError when it is no websocket that answers."""
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=WAIT_SECONDS)
        self.protocol = WSConnection(ConnectionType.CLIENT)
        deflate = PerMessageDeflate(client_no_context_takeover=True, server_no_context_takeover=True)
        headers = [(b"Session-Token", token.encode()), (b"User-Agent", b"Go-http-client/1.1")]
        request = Request(host=parts.netloc, target=path, extensions=[deflate], extra_headers=headers)
        self.socket.sendall(self.protocol.send(request))
        self.accepted = self._accepted(url + path)

    def _accepted(self, url: str) -> AcceptConnection:
        status, body = 0, b""
        for event in self._events():
            match event:
                case AcceptConnection():
                    return event
                case RejectConnection():
                    status = event.status_code
                case RejectData():
                    body += event.data
                    if event.body_finished:
                        break
        self.close()
        raise Answer(status, {}, body).error(url)

    def messages(self) -> Iterator[Any]:
        """Until `done`. Raises AssertionError as the client fails: closed before, too large, of an unknown type."""
        text = ""
        for event in self._events():
            match event:
                case TextMessage():
                    text += event.data
                    if not event.message_finished:
                        continue
                    assert len(text.encode()) < READ_LIMIT
                    message, text = decoded(BUILD_LOG, json.loads(text)), ""
                    assert message["type"] in KNOWN
                    yield message
                    if message["type"] == "done":
                        return
                case Ping():
                    self.socket.sendall(self.protocol.send(event.response()))
                case CloseConnection():
                    break
        raise AssertionError("failed to read JSON message: the connection was closed before “done”")

    def close(self) -> None:
        self.socket.close()

    def _events(self) -> Iterator[Any]:
        while True:
            yield from self.protocol.events()
            received = self.socket.recv(65536)
            self.protocol.receive_data(received or None)
            if not received:
                yield from self.protocol.events()
                return


__all__ = ["CoderError", "Follower"]
