"""Each fault does what its name says, at once and to connections that are open, and goes away again."""

import socket
import ssl
from collections.abc import Iterator

import pytest
import urllib3
import yaml
from kubernetes import client

from coderadmin.embedded.sandbox.process import SandboxProcess, running_sandbox
from tests.clusters import FaultyCluster, api_client, eventually
from tests.contract.manifests import make_deployment, refusal


@pytest.fixture
def core(faulty_cluster: FaultyCluster) -> Iterator[client.CoreV1Api]:
    with api_client(faulty_cluster.kubeconfig) as api:
        yield client.CoreV1Api(api)


def _server(cluster: FaultyCluster) -> tuple[str, int]:
    server = yaml.safe_load(cluster.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    return "127.0.0.1", int(server.rpartition(":")[2])


def _handshake(cluster: FaultyCluster, core: client.CoreV1Api) -> None:
    context = ssl.create_default_context(cafile=core.api_client.configuration.ssl_ca_cert)
    with (
        socket.create_connection(_server(cluster), 10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1"),
    ):
        return


def test_unreachable_refuses_connections(faulty_cluster: FaultyCluster) -> None:
    faulty_cluster.fault("unreachable")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(_server(faulty_cluster), 10)
    faulty_cluster.fault("unreachable", on=False)
    socket.create_connection(_server(faulty_cluster), 10).close()


def test_silent_takes_the_request_and_never_answers(faulty_cluster: FaultyCluster, core: client.CoreV1Api) -> None:
    faulty_cluster.fault("silent")
    _handshake(faulty_cluster, core)
    with pytest.raises(urllib3.exceptions.MaxRetryError) as refused:
        core.list_namespace(_request_timeout=0.5)
    assert isinstance(refused.value.reason, urllib3.exceptions.ReadTimeoutError)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("expired-certificate", "certificate has expired"),
        ("wrong-name-certificate", "IP address mismatch"),
        ("untrusted-certificate", "certificate verify failed"),
    ],
)
def test_certificate_faults_fail_the_handshake(
    faulty_cluster: FaultyCluster, core: client.CoreV1Api, fault: str, words: str
) -> None:
    _handshake(faulty_cluster, core)
    faulty_cluster.fault(fault)
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        _handshake(faulty_cluster, core)
    faulty_cluster.fault(fault, on=False)
    _handshake(faulty_cluster, core)


def test_open_connections_are_dropped(faulty_cluster: FaultyCluster, core: client.CoreV1Api) -> None:
    watching = core.list_namespace(watch=True, _preload_content=False, _request_timeout=30)
    watching.read1(1)
    faulty_cluster.fault("unreachable")
    with pytest.raises((urllib3.exceptions.ProtocolError, ConnectionError)):
        while watching.read1(65536):
            pass
        raise ConnectionError("the stream ended")


def test_a_revoked_token_is_unauthorized(faulty_cluster: FaultyCluster, core: client.CoreV1Api) -> None:
    faulty_cluster.fault("revoked-token")
    status = refusal(core.list_namespace)
    assert (status["code"], status["reason"]) == (401, "Unauthorized")


def test_denied_verbs_are_denied_to_everyone(faulty_cluster: FaultyCluster, core: client.CoreV1Api) -> None:
    faulty_cluster.fault("denied-verbs")
    assert refusal(core.list_namespace)["code"] == 403
    spec = {"resourceAttributes": {"verb": "list", "resource": "pods"}}
    review = client.AuthorizationV1Api(core.api_client).create_self_subject_access_review({"spec": spec})
    assert review.status.allowed is False


def test_not_ready_answers_with_server_errors(faulty_cluster: FaultyCluster, core: client.CoreV1Api) -> None:
    faulty_cluster.fault("not-ready")
    assert refusal(core.list_namespace)["code"] == 503
    assert core.api_client.call_api("GET", f"{core.api_client.configuration.host}/readyz").status == 500


def test_an_old_version_is_reported(faulty_cluster: FaultyCluster, core: client.CoreV1Api) -> None:
    faulty_cluster.fault("old-version")
    assert client.VersionApi(core.api_client).get_code().git_version == "v1.19.0"


def test_a_broken_image_stops_pods_until_it_is_mended(faulty_cluster: FaultyCluster, core: client.CoreV1Api) -> None:
    namespace = faulty_cluster.namespace
    apps = client.AppsV1Api(core.api_client)
    apps.create_namespaced_deployment(namespace, make_deployment("web"))
    available = lambda: apps.read_namespaced_deployment("web", namespace).status.available_replicas  # noqa: E731
    assert eventually(available)
    faulty_cluster.fault("broken-image")
    assert eventually(lambda: not available())
    state = core.list_namespaced_pod(namespace).items[0].status.container_statuses[0].state
    assert state.waiting.reason == "ImagePullBackOff"
    faulty_cluster.fault("broken-image", on=False)
    assert eventually(available)


def test_slow_answers_after_the_usual_patience(faulty_cluster: FaultyCluster, core: client.CoreV1Api) -> None:
    faulty_cluster.fault("slow")
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        core.list_namespace(_request_timeout=1)
    assert core.list_namespace(_request_timeout=60).items


def test_the_other_clusters_know_nothing_of_it(faulty_cluster: FaultyCluster, sandbox: SandboxProcess) -> None:
    faulty_cluster.fault("unreachable")
    with api_client(sandbox.kubeconfig("one")) as api:
        assert client.CoreV1Api(api).list_namespace().items


def test_a_fault_outlives_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("faults")
    with running_sandbox(state, ["one"]) as sandbox:
        sandbox.fault("one", "unreachable")
        port = sandbox.port("one")
    with running_sandbox(state, ["one"]), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 10)
