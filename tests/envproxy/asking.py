"""Clients of envproxy."""

import http.client
import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.envproxy.names import COOKIE, PREFIX

HTML = {"Accept": "text/html,application/xhtml+xml"}


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def echoed(self, name: str) -> list[str]:
        """The values of a header, as the environment got them."""
        return [value for given, value in self.json()["headers"] if given.lower() == name.lower()]


@dataclass
class Browser:
    """Each request on a connection of its own."""

    port: int

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def inside(self, rest: str = "/", *, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """As a person who is signed in to the environment."""
        return self.ask(PREFIX + rest, headers={**COOKIE, **(headers or {})}, **more)

    def status(self, path: str) -> int:
        """0 when nobody answers."""
        try:
            return self.ask(path).status
        except OSError:
            return 0

    def send(self, data: bytes, *, seconds: float = 10) -> bytes:
        """Everything that is answered to these bytes until envproxy closes the connection."""
        with self.connection(seconds) as client:
            client.sendall(data)
            return received(client)

    def connection(self, seconds: float = 10) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)


def received(client: socket.socket) -> bytes:
    """Until the other side closes; raises TimeoutError when it does not."""
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def head(path: str, *lines: str, method: str = "GET", cookie: bool = True) -> bytes:
    """The bytes of a request's head, for a person who is signed in."""
    session = [f"Cookie: {COOKIE['Cookie']}"] if cookie else []
    return "\r\n".join(
        [f"{method} {path} HTTP/1.1", "Host: sydney.coder.example.com", *session, *lines, "", ""]
    ).encode()
