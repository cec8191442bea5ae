"""The way on which Helm reaches a cluster: what it adds to each of the hundreds of small requests of a deploy."""

import json
import socket
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from providers.helm import confinement, gateway, tunnel
from providers.helm.tunnel import Tunnel, is_loopback, open_listener
from providers.target import ClusterTarget
from tests.e2e.gate import Gate
from tests.helm.conftest import Deployer
from tests.helm.manifests import values


def test_small_requests_are_sent_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nagle's algorithm made deploys four times as long: requests waited for the acknowledgement of the one before."""
    opened: list[socket.socket] = []
    connect = tunnel.connect

    def noted(*where: Any, **how: Any) -> socket.socket:
        opened.append(connect(*where, **how))
        return opened[0]

    monkeypatch.setattr(tunnel, "connect", noted)
    with socket.create_server(("127.0.0.1", 0)) as cluster:
        port = cluster.getsockname()[1]
        kubeconfig = ClusterTarget(address=f"https://127.0.0.1:{port}", namespace="coder").kubeconfig()
        listener = open_listener()
        Tunnel(listener, kubeconfig)
        with socket.create_connection(listener.getsockname()) as helm:
            helm.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
            assert b" 200 " in helm.recv(100)
            helm.sendall(b"hello")
            visitor, _ = cluster.accept()
            with visitor:
                assert visitor.recv(5) == b"hello"
                assert opened[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.10", "localhost", "a.localhost", "LOCALHOST.", "::1", "::ffff:127.0.0.1"]
)
def test_what_go_would_connect_to_by_itself_gets_another_name(host: str) -> None:
    place = f"[{host}]" if ":" in host else host
    kubeconfig = ClusterTarget(address=f"https://{place}:6443/k8s/c-1", namespace="coder").kubeconfig()
    tunnel = Tunnel(open_listener(), kubeconfig)
    assert is_loopback(host)
    cluster = cluster_of(tunnel.kubeconfig(is_confined=True))
    assert cluster["server"] == "https://this-machine.invalid:6443/k8s/c-1"
    assert cluster["tls-server-name"] == host.lower()
    assert tunnel.real('Get "https://this-machine.invalid:6443/": EOF') == f'Get "https://{place.lower()}:6443/": EOF'


def test_any_other_cluster_keeps_its_name() -> None:
    kubeconfig = ClusterTarget(address="https://sydney.example.com:6443", namespace="coder").kubeconfig()
    assert json.loads(Tunnel(open_listener(), kubeconfig).kubeconfig(is_confined=True)) == json.loads(kubeconfig)


@pytest.mark.parametrize("host", ["sydney.example.com", "127.0.0.1"])
def test_where_nothing_confines_helm_the_tunnel_counts_for_everything(host: str) -> None:
    listener = open_listener()
    kubeconfig = ClusterTarget(address=f"https://{host}:6443", namespace="coder").kubeconfig()
    cluster = cluster_of(Tunnel(listener, kubeconfig).kubeconfig(is_confined=False))
    assert cluster["proxy-url"] == f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert cluster["server"] == f"https://{host}:6443"


def cluster_of(kubeconfig: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(kubeconfig)["clusters"][0]["cluster"]
    return found


@pytest.mark.skipif(not confinement.is_possible(), reason="needs Landlock with networks: Linux 6.7 or newer")
def test_a_deploy_uses_its_connections_again(helm: Deployer) -> None:
    """Each new one is a handshake: while Go heard of the tunnel from the kubeconfig, there was one for each request."""
    helm.deploy(values())
    gate = Gate(urlsplit(helm.target.address).port or 0)
    target = replace(helm.target, address=f"https://127.0.0.1:{gate.port}")
    gateway.deploy(target, values(replicas=2), timeout_s=60, on_line=helm.lines.append, cancelled=bool)
    gate.close()
    assert 1 <= gate.passed <= 20
