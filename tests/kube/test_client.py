import asyncio
import contextlib
import socket
import ssl
import threading
from pathlib import Path

import pytest

from providers.kube.client import connect
from providers.kube.errors import KubeError, Unauthorized, UntrustedTLS
from providers.kube.probe import Questions, collect
from providers.kube.version import read_version
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.servers import VERSION, ApiServer, serving, status

GOOD = {"/version": VERSION, "/api/v1/namespaces/coder": (200, {"status": {"phase": "Active"}})}


def version_of(target: ClusterTarget) -> str:
    async def scenario() -> str:
        async with connect(target, connect_timeout=5) as client:
            return await read_version(client)

    return asyncio.run(scenario())


def with_server(server: ApiServer, context: ssl.SSLContext, authority: Authority, path: str = "", **fields: str) -> str:
    async def scenario() -> str:
        async with serving(server, context) as address:
            target = ClusterTarget(address=address + path, namespace="coder", ca_pem=authority.pem, **fields)
            async with connect(target) as client:
                return await read_version(client)

    return asyncio.run(scenario())


def test_it_sends_the_token(authority: Authority, context: ssl.SSLContext) -> None:
    server = ApiServer({"/version": VERSION})
    assert with_server(server, context, authority, token="s3cr3t") == "v1.31.2"
    assert server.requests[0].headers["authorization"] == "Bearer s3cr3t"


def test_it_keeps_the_path_of_the_address(authority: Authority, context: ssl.SSLContext) -> None:
    server = ApiServer({"/k8s/clusters/c-1/version": VERSION})
    assert with_server(server, context, authority, path="/k8s/clusters/c-1") == "v1.31.2"


def test_it_goes_through_no_proxy_of_the_environment(
    authority: Authority, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert with_server(ApiServer({"/version": VERSION}), context, authority) == "v1.31.2"


def test_it_shows_the_client_certificate(authority: Authority, context: ssl.SSLContext, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(authority.pem)
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    certificate, key = authority.issue("deployer")
    fields = {"client_certificate_pem": certificate, "client_key_pem": key}
    assert with_server(ApiServer({"/version": VERSION}), context, authority, **fields) == "v1.31.2"


def test_a_client_certificate_of_a_stranger_is_a_refused_credential(
    authority: Authority, context: ssl.SSLContext, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text(authority.pem)
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # refuses within the handshake, where 1.3 just hangs up later
    certificate, key = Authority("stranger").issue("deployer")

    def refuse_one(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(ssl.SSLError):
            context.wrap_socket(connection, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        target = ClusterTarget(
            address=f"https://127.0.0.1:{listening.getsockname()[1]}",
            namespace="coder",
            ca_pem=authority.pem,
            client_certificate_pem=certificate,
            client_key_pem=key,
        )
        server = threading.Thread(target=refuse_one, args=[listening], daemon=True)
        server.start()
        with pytest.raises(Unauthorized):
            version_of(target)
        server.join()


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"ca_pem": "no certificate"}, UntrustedTLS),
        ({"client_certificate_pem": "no certificate", "client_key_pem": "no key"}, Unauthorized),
    ],
)
def test_a_stored_text_that_is_no_certificate_is_told_as_such(fields: dict[str, str], kind: type[KubeError]) -> None:
    target = ClusterTarget(address="https://127.0.0.1:1", namespace="coder", **fields)
    with pytest.raises(kind):
        version_of(target)


@pytest.mark.parametrize(("known_revision", "requests"), [(3, 4), (2, 5), (None, 5)])
def test_a_healthy_provider_costs_one_connection_and_few_requests(
    authority: Authority, context: ssl.SSLContext, known_revision: int | None, requests: int
) -> None:
    """One more only for the values of a revision that is new to us."""
    labels = {"name": "coder-workspace-provider", "version": "3", "status": "deployed", "modifiedAt": "1790000000"}
    namespace = "/api/v1/namespaces/coder"
    deployment = {
        "metadata": {"labels": {"helm.sh/chart": "workspace-provider-0.1.0_build.5"}},
        "spec": {"replicas": 1},
        "status": {"availableReplicas": 1},
    }
    server = ApiServer(
        GOOD
        | {
            f"{namespace}/secrets": (200, {"items": [{"metadata": {"name": "s", "labels": labels}}]}),
            "/apis/apps/v1/namespaces/coder/deployments/envproxy": (200, deployment),
        }
    )

    async def scenario() -> None:
        async with serving(server, context) as address:
            target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem)
            evidence = await collect(target, Questions(expects_release=True, known_revision=known_revision))
            assert (evidence.reason, evidence.release.chart_version) == ("", "0.1.0+build.5")
            assert (evidence.release.revision, evidence.envproxy.available) == (3, 1)

    asyncio.run(scenario())
    assert (server.connections, len(server.requests)) == (1, requests)
    assert "PartialObjectMetadataList" in server.requests[2].headers["accept"]


def test_create_delete_and_get_or_none_take_the_expected_answers(authority: Authority, context: ssl.SSLContext) -> None:
    server = ApiServer({"/there": status(409, "AlreadyExists"), "/gone": status(404, "NotFound")})

    async def scenario() -> None:
        async with serving(server, context) as address:
            target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem)
            async with connect(target) as client:
                assert await client.create("/there", {}) is None
                assert await client.delete("/gone") is False
                assert await client.get_or_none("/gone") is None

    asyncio.run(scenario())
