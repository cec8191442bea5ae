"""Helm's only way to its cluster: a proxy on loopback, in the child itself, that checks each connection's address.

Go would resolve the cluster's name by itself and connect to whatever it gets. Through the tunnel the name is resolved
once per connection, by us, and its address is one that `destinations` allows. TLS goes from end to end:
certificate, server name and Host header are those of the cluster.

Go is told by its environment, where it looks only when the process starts: the parent opens the door. Told by the
kubeconfig (`proxy-url`) it would use no connection twice, and a deploy take twice the processor time.
"""

import json
import socket
import threading
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

from coderadmin.destinations import THIS_MACHINE, AddressRefusedError, Rule, connect, known_address

CONNECT_TIMEOUT_S = 10.0
HEAD_LINES, LINE_BYTES, CHUNK_BYTES = 50, 4096, 65536
WAITING = 64  # connections
ALIAS = "this-machine.invalid"  # Go sends nothing that is for loopback to a proxy


def open_door() -> socket.socket:
    """Where the child's tunnel begins: a listening socket that it inherits."""
    return socket.create_server(("127.0.0.1", 0), backlog=WAITING)


def variables_for(door: socket.socket) -> dict[str, str]:
    """What the child's environment must hold from its first moment on."""
    return {"HTTPS_PROXY": f"http://127.0.0.1:{door.getsockname()[1]}"}


class Tunnel:
    """From the door to the cluster of a kubeconfig, for as long as this process lasts."""

    def __init__(self, door: socket.socket, kubeconfig: str) -> None:
        document = json.loads(kubeconfig)
        cluster = document["clusters"][0]["cluster"]
        parts = urlsplit(cluster["server"])
        self._host = parts.hostname or ""
        if is_loopback(self._host):
            cluster |= {"server": f"https://{ALIAS}:{parts.port or 443}", "tls-server-name": self._host}
        self.kubeconfig = json.dumps(document)
        server = _Server(door, self._host, parts.port or 443)
        threading.Thread(target=server.serve_forever, name="tunnel", daemon=True).start()

    def real(self, text: str) -> str:
        """What Helm says, about the cluster by its own name."""
        return text.replace(ALIAS, self._host)


def is_loopback(host: str) -> bool:
    """At least all that Go takes for it."""
    address = known_address(host)
    return bool(address) and Rule().refusal(address) == THIS_MACHINE


class _Server(ThreadingTCPServer):
    """Leads to one host and port, whatever is asked for: other processes of this machine gain nothing by it."""

    daemon_threads = True

    def __init__(self, door: socket.socket, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(door.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = door


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
