"""Helm's only way to its cluster: a proxy on loopback, in the child itself, that checks each connection's address.

Go would resolve the cluster's name by itself and connect to whatever it gets. Through the tunnel the name is resolved
once per connection, by us, and its address is one that `destinations` allows. TLS goes from end to end:
certificate, server name and Host header are those of the cluster.
"""

import json
import socket
import threading
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

from coderadmin.destinations import AddressRefusedError, connect

CONNECT_TIMEOUT_S = 10.0
HEAD_LINES, LINE_BYTES, CHUNK_BYTES = 50, 4096, 65536


def through_a_tunnel(kubeconfig: str) -> str:
    """The same kubeconfig, but its cluster is reached through a tunnel that lasts as long as this process."""
    document = json.loads(kubeconfig)
    cluster = document["clusters"][0]["cluster"]
    parts = urlsplit(cluster["server"])
    server = _Server(parts.hostname or "", parts.port or 443)
    threading.Thread(target=server.serve_forever, name="tunnel", daemon=True).start()
    cluster["proxy-url"] = f"http://127.0.0.1:{server.server_address[1]}"
    return json.dumps(document)


class _Server(ThreadingTCPServer):
    """Leads to one host and port, whatever is asked for: other processes of this machine gain nothing by it."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(StreamRequestHandler):
    server: _Server
    timeout = CONNECT_TIMEOUT_S

    def handle(self) -> None:
        """A failure is told in the status line: Go makes it the text of its error."""
        for _ in range(HEAD_LINES):
            if self.rfile.readline(LINE_BYTES) in (b"\r\n", b""):
                break
        try:
            upstream = connect(self.server.host, self.server.port, timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            self.wfile.write(f"HTTP/1.1 502 {_words(error)}\r\nContent-Length: 0\r\n\r\n".encode("ascii", "replace"))
            return
        with upstream:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            for each in (self.connection, upstream):
                each.settimeout(None)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each small request waits 40 ms
            down = threading.Thread(target=_carry, args=[upstream, self.connection], daemon=True)
            down.start()
            _carry(self.connection, upstream)
            down.join()


def _carry(source: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            to.sendall(chunk)
    with suppress(OSError):
        to.shutdown(socket.SHUT_WR)


def _words(error: OSError) -> str:
    """In the words of Go, which `failures` knows."""
    match error:
        case AddressRefusedError():
            return f"{error.address} is {error.why}: this deployment does not connect to it"
        case socket.gaierror():
            return "no such host"
        case TimeoutError():
            return "i/o timeout"
    return (error.strerror or "unreachable").lower()
