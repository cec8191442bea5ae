"""The way on which Helm reaches a cluster: what it adds to each of the hundreds of small requests of a deploy."""

import socket
from typing import Any

import pytest

from providers.helm import tunnel
from providers.helm.tunnel import through_a_tunnel
from providers.target import ClusterTarget


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
        proxy = through_a_tunnel(kubeconfig).partition('"proxy-url": "http://127.0.0.1:')[2].partition('"')[0]
        with socket.create_connection(("127.0.0.1", int(proxy))) as helm:
            helm.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
            assert b" 200 " in helm.recv(100)
            helm.sendall(b"hello")
            visitor, _ = cluster.accept()
            with visitor:
                assert visitor.recv(5) == b"hello"
                assert opened[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
