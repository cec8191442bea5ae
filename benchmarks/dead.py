"""Clusters that are dead in the two ways that cost most differently: one refuses at once, one never says a word."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class DeadAddresses:
    refused: str
    silent: str


class _Silence(socketserver.BaseRequestHandler):
    """Takes everything and says nothing until the client gives up."""

    def handle(self) -> None:
        while self.request.recv(4096):
            pass


class _SilentServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def dead_addresses() -> Iterator[DeadAddresses]:
    """A port where nobody listens, held so that nobody else gets it, and one that accepts and never answers."""
    with socket.socket() as reserved, _SilentServer(("127.0.0.1", 0), _Silence) as silent:
        reserved.bind(("127.0.0.1", 0))
        threading.Thread(target=silent.serve_forever, daemon=True).start()
        ports = reserved.getsockname()[1], silent.server_address[1]
        yield DeadAddresses(*(f"https://127.0.0.1:{port}" for port in ports))
        silent.shutdown()
