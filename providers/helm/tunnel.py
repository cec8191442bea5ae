"""Helm's only way to its cluster: a proxy on loopback, in the child itself, that checks each connection's address.

Go would resolve the cluster's name by itself and connect to whatever it gets, or is redirected to. Through the tunnel
the name is resolved once per connection, by us, and its address is one that `destinations` allows. TLS goes from end to
end: certificate, server name and Host header are those of the cluster.

Where the child is confined to its listener, Go is told of it by its environment, where it looks only when the process
starts: so the parent opens it. What Go leads to no proxy, redirects to loopback, finds the way closed.
Elsewhere it is told by the kubeconfig (`proxy-url`), which counts for everything; but then it uses no connection
twice, and a deploy takes twice the processor time.
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


def open_listener() -> socket.socket:
    """Where the child's tunnel begins: a listening socket that it inherits."""
    return socket.create_server(("127.0.0.1", 0), backlog=WAITING)


def variables_for(listener: socket.socket) -> dict[str, str]:
    """What the child's environment must hold from its first moment on."""
    return dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), _url(listener))


class Tunnel:
    """From the listener to the cluster of a kubeconfig, for as long as this process lasts."""

    def __init__(self, listener: socket.socket, kubeconfig: str) -> None:
        self._kubeconfig, self._listener = kubeconfig, listener
        self._place = urlsplit(json.loads(kubeconfig)["clusters"][0]["cluster"]["server"])
        server = _Server(listener, self._host, self._port)
        threading.Thread(target=server.serve_forever, name="tunnel", daemon=True).start()

    def kubeconfig(self, *, is_confined: bool) -> str:
        """For Helm, in a process that is confined to the listener, or not."""
        document = json.loads(self._kubeconfig)
        cluster = document["clusters"][0]["cluster"]
        if not is_confined:
            cluster["proxy-url"] = _url(self._listener)
        elif is_loopback(self._host):
            cluster |= {
                "server": f"https://{ALIAS}:{self._port}{self._place.path}",
                "tls-server-name": self._host,
            }
        return json.dumps(document)

    @property
    def _host(self) -> str:
        return self._place.hostname or ""

    @property
    def _port(self) -> int:
        return self._place.port or 443

    def real(self, text: str) -> str:
        """What Helm says, about the cluster by its own name."""
        return text.replace(ALIAS, f"[{self._host}]" if ":" in self._host else self._host)


def is_loopback(host: str) -> bool:
    """At least all that Go takes for it."""
    address = known_address(host)
    return bool(address) and Rule().refusal(address) == THIS_MACHINE


class _Server(ThreadingTCPServer):
    """Leads to one host and port, whatever is asked for: other processes of this machine gain nothing by it."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener


class _Handler(StreamRequestHandler):
    server: _Server
    timeout = CONNECT_TIMEOUT_S

    def handle(self) -> None:
        """A failure is told in the status line: Go makes it the text of its error."""
        asked = self.rfile.readline(LINE_BYTES)
        for _ in range(HEAD_LINES):
            if self.rfile.readline(LINE_BYTES) in (b"\r\n", b""):
                break
        if not asked.startswith(b"CONNECT "):
            self._refuse("redirected to where no TLS is spoken")
            return
        try:
            upstream = connect(self.server.host, self.server.port, timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            self._refuse(_words(error))
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

    def _refuse(self, why: str) -> None:
        self.wfile.write(f"HTTP/1.1 502 {why}\r\nContent-Length: 0\r\n\r\n".encode("ascii", "replace"))


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


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
