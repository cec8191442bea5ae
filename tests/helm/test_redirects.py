"""A cluster that leads elsewhere, as only a hostile one does: Helm follows redirects, and must not get there."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from providers.helm import gateway, process
from providers.helm.release import HelmError
from providers.target import ClusterTarget
from tests.kube.authority import Authority


class Elsewhere(BaseHTTPRequestHandler):
    """A program that nobody but this machine itself may reach; notes who came, and with which token."""

    visits: list[str]

    def do_GET(self) -> None:
        self.visits.append(f"{self.path} {self.headers.get('Authorization', '')}")
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


class Misleading(BaseHTTPRequestHandler):
    """Answers every request with where else to look."""

    location: str
    asked = False

    def do_GET(self) -> None:
        type(self).asked = True
        self.send_response(302)
        self.send_header("Location", self.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


UNCONFINED = """
from providers.helm import child
child.connect_only_to = lambda port: False
child.main()
"""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("", 0), handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def own_address() -> str:
    """One that is not loopback, if this machine has any; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.2"
        return str(probe.getsockname()[0])


@pytest.fixture(params=["as Linux can", "not confined"])
def child(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Helm's process on this Linux, and on one that has no Landlock."""
    if request.param == "not confined":
        monkeypatch.setattr(process, "CHILD", ("-c", UNCONFINED))


@pytest.mark.usefixtures("child")
@pytest.mark.parametrize(
    "place", ["http://127.0.0.1", "http://localhost", "https://127.0.0.1", f"http://{own_address()}"]
)
def test_helm_gets_nowhere_else(place: str, tmp_path: Path) -> None:
    authority = Authority()
    context = authority.server_context(tmp_path)
    elsewhere = type("Noting", (Elsewhere,), {"visits": []})
    with serving(elsewhere, context if urlsplit(place).scheme == "https" else None) as port:
        misleading = type("ToThere", (Misleading,), {"location": f"{place}:{port}/latest/meta-data"})
        with serving(misleading, context) as cluster:
            target = ClusterTarget(
                address=f"https://127.0.0.1:{cluster}", namespace="coder", ca_pem=authority.pem, token="secret"
            )
            with pytest.raises(HelmError) as caught:
                gateway.history(target)
    assert elsewhere.visits == [], caught.value.message
    assert misleading.asked, "it was led there"
