"""Where the control plane connects to: by the address of each connection, whatever the name was before."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coderadmin import destinations
from coderadmin.destinations import AddressRefusedError, Rule
from infrastructure.probing import examine_address
from providers.helm.tunnel import Tunnel, open_listener
from providers.kube.address import AddressError, normalise_address
from providers.kube.blocking import preflight_now
from providers.kube.client import connect
from providers.kube.envproxy_url import ask_envproxy
from providers.kube.errors import KubeError
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.servers import VERSION, ApiServer, serving

NAME = "rebinding.example"
GOOD, BAD = "127.0.0.1", "127.0.0.2"
PRODUCTION = Rule()


@pytest.fixture(autouse=True)
def bad_is_denied() -> Iterator[None]:
    before = destinations.rule()
    destinations.use(Rule(denied=(f"{BAD}/32",), is_loopback_allowed=True))
    yield
    destinations.use(before)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.1.1", "fe80::1", "fe80::1%lo", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
        "127.0.0.1", "127.8.9.10", "::1", "0.0.0.1", "0.1.2.3", "::", "224.0.0.1", "ff02::1", "255.255.255.255",
        "::ffff:169.254.169.254", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_what_no_provider_may_have(address: str) -> None:
    assert PRODUCTION.refusal(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.7.7", "172.16.0.1", "fd12::1", "203.0.113.7", "2001:db8::1"])
def test_clusters_in_private_networks_are_reached(address: str) -> None:
    assert not PRODUCTION.refusal(address)


def test_what_is_allowed_is_an_exception_from_all_else() -> None:
    rule = Rule(allowed=("10.1.0.0/16", "127.0.0.1/32"), denied=("10.0.0.0/8",))
    assert not any(map(rule.refusal, ("10.1.2.3", "127.0.0.1")))
    assert all(map(rule.refusal, ("10.2.0.1", "::ffff:10.2.0.1", "127.0.0.2")))


@pytest.mark.parametrize(
    "host", ["localhost", "api.localhost", "metadata.google.internal", "127.0.0.1", "[::ffff:127.0.0.1]"]
)
def test_who_types_such_an_address_is_told_at_once(host: str) -> None:
    destinations.use(PRODUCTION)
    with pytest.raises(AddressError, match="does not connect"):
        normalise_address(f"https://{host}:6443")


class Listener:
    """Counts who comes by, and hangs up."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.visitors = 0
        self._server = socket.create_server((address, port))
        self.port = int(self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            connection, _ = self._server.accept()
            with connection:
                if connection.recv(1, socket.MSG_PEEK) == b"q":
                    return
                self.visitors += 1

    def stop(self) -> None:
        with socket.create_connection(self._server.getsockname()) as goodbye:
            goodbye.sendall(b"q")
        self._thread.join()
        self._server.close()


@pytest.fixture
def places() -> Iterator[tuple[Listener, Listener]]:
    """The same port at the good and at the bad address."""
    good = Listener(GOOD)
    bad = Listener(BAD, good.port)
    yield good, bad
    good.stop()
    bad.stop()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What NAME is, each time that somebody asks; at last it stays."""
    answers, real = [GOOD], socket.getaddrinfo

    def ask(host: Any, *arguments: Any, **named: Any) -> Any:
        if host == NAME:
            host = answers.pop(0) if len(answers) > 1 else answers[0]
        return real(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return answers


def by_client(port: int) -> str:
    async def get() -> None:
        async with connect(ClusterTarget(address=f"https://{NAME}:{port}", namespace="coder")) as client:
            await client.get("/version")

    with pytest.raises(KubeError) as caught:
        asyncio.run(get())
    return f"{caught.value.reason} {caught.value.message}"


def by_preflight(port: int) -> str:
    target = ClusterTarget(address=f"https://{NAME}:{port}", namespace="coder")
    *_, last = preflight_now(target, needs_ingress=False)
    return f"{last.detail} {last.remedy}"


def by_envproxy_check(port: int) -> str:
    return asyncio.run(ask_envproxy(f"https://{NAME}:{port}/proxy", timeout=3)).problem


def by_access_url_check(port: int) -> str:
    return examine_address(f"https://{NAME}:{port}", is_proof=lambda *_: False)[-1].detail


def by_helm(port: int) -> str:
    kubeconfig = ClusterTarget(address=f"https://{NAME}:{port}", namespace="coder").kubeconfig()
    listener = open_listener()
    Tunnel(listener, kubeconfig)
    with socket.create_connection(listener.getsockname()) as tunnel:
        tunnel.sendall(f"CONNECT {NAME}:{port} HTTP/1.1\r\n\r\n".encode())
        answer = tunnel.makefile()
        status = answer.readline()
        if " 200 " in status:
            tunnel.sendall(b"a hello of TLS")
        answer.read()
        return status


def by_a_plain_connection(port: int) -> str:
    try:
        with destinations.connect(NAME, port, timeout=3) as connection:
            connection.sendall(b"hello")
            connection.recv(1)
    except AddressRefusedError as error:
        return f"{error.address} {error.why}"
    except ConnectionResetError:
        pass
    return ""


@pytest.mark.parametrize(
    "way", [by_client, by_preflight, by_envproxy_check, by_access_url_check, by_helm, by_a_plain_connection]
)
def test_a_name_that_changes_its_address_leads_nowhere(
    way: Callable[[int], str], places: tuple[Listener, Listener], resolver: list[str]
) -> None:
    good, bad = places
    assert BAD not in way(good.port)
    assert good.visitors, "the first answer is a place where one may connect"
    resolver[:] = [BAD]
    told = way(good.port)
    assert BAD in told and "denied" in told
    assert not bad.visitors


def test_between_the_question_and_the_connection_nothing_changes(
    places: tuple[Listener, Listener], resolver: list[str]
) -> None:
    good, bad = places
    resolver[:] = [GOOD, BAD]
    assert by_a_plain_connection(good.port) == ""
    assert (good.visitors, bad.visitors, resolver) == (1, 0, [BAD])


def test_the_certificate_must_still_be_that_of_the_name(
    authority: Authority, tmp_path: Path, resolver: list[str]
) -> None:
    async def version(context: ssl.SSLContext) -> Any:
        async with serving(ApiServer({"/version": VERSION}), context) as address:
            url = address.replace(GOOD, NAME)
            async with connect(ClusterTarget(address=url, namespace="coder", ca_pem=authority.pem)) as client:
                return await client.get("/version")

    assert asyncio.run(version(authority.server_context(tmp_path, NAME))) == VERSION[1]
    with pytest.raises(KubeError, match="not made for the name"):
        asyncio.run(version(authority.server_context(tmp_path, GOOD)))


@pytest.fixture
def authority() -> Authority:
    return Authority()
