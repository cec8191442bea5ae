"""Clusters that say no: the code, and a sentence without secrets."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from coderadmin import destinations
from providers.helm import gateway
from providers.helm.failures import code_of, sentence
from providers.helm.process import run_child
from providers.helm.release import RELEASE_NAME, HelmError, HelmErrorCode
from providers.target import ClusterTarget
from tests.clusters import FaultyCluster
from tests.helm.conftest import Deployer, target_of
from tests.helm.manifests import OLDEST, TOKEN, values

NOWHERE = ClusterTarget(address="https://127.0.0.1:1", namespace="dev", token="a-cluster-token")


def test_a_cluster_that_refuses_connections_is_the_cluster_s_trouble() -> None:
    error = Deployer(NOWHERE).failure(values())
    assert error.code == HelmErrorCode.CLUSTER
    assert "connection refused" in error.message and "undone" not in error.message


@pytest.mark.parametrize("ask", [gateway.status, gateway.history])
def test_a_look_at_a_dead_cluster_fails(ask: Callable[[ClusterTarget], object]) -> None:
    with pytest.raises(HelmError, match="connection refused"):
        ask(NOWHERE)


def test_a_cluster_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = replace(NOWHERE, address=f"https://127.0.0.1:{silent.getsockname()[1]}")
        request = gateway.request_of("status", target, RELEASE_NAME, 1)
        outcome = run_child(request, deadline_s=1, on_line=str, cancelled=bool)
    assert outcome.error and outcome.error.code == HelmErrorCode.TIMED_OUT
    assert outcome.error.message == "Helm was not done after 1 s."


def test_a_refused_credential_is_the_cluster_s_trouble(helm: Deployer) -> None:
    stranger = replace(helm.target, token="wrong", client_certificate_pem="", client_key_pem="")
    assert Deployer(stranger).failure(values()).code == HelmErrorCode.CLUSTER


def test_an_old_cluster_is_refused_by_the_chart(faulty_cluster: FaultyCluster) -> None:
    helm = Deployer(target_of(faulty_cluster))
    faulty_cluster.fault("old-version")
    error = helm.failure(values())
    assert error.code == HelmErrorCode.REFUSED
    assert "kubeVersion: >=1.20.0-0" in error.message


def test_a_secret_in_a_message_is_hidden() -> None:
    wrong = values(access_url=f"ftp://{TOKEN}.example.com")
    with pytest.raises(HelmError) as refusal:
        gateway.render(wrong, namespace="dev", kube_version=OLDEST)
    assert "ftp://[hidden].example.com" in refusal.value.message
    assert TOKEN not in str(refusal.value)


def test_an_address_that_is_denied_is_never_reached(allowing_nothing: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = replace(NOWHERE, address=f"https://localhost:{server.getsockname()[1]}")
        with pytest.raises(HelmError, match=r"this machine itself.*does not connect") as refusal:
            gateway.status(target)
        assert refusal.value.code == HelmErrorCode.CLUSTER
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def allowing_nothing() -> Iterator[None]:
    before = destinations.rule()
    destinations.use(destinations.Rule())
    yield
    destinations.use(before)


@pytest.mark.parametrize(
    "text",
    [
        'failed calling webhook "validate.nginx": Post "https://nginx.svc?timeout=10s": context deadline exceeded',
        'admission webhook "policy.example.com" denied the request: the labels do not fit the schema',
        'Operation cannot be fulfilled on deployments.apps "envproxy": the object has been modified; try again',
    ],
)
def test_what_the_cluster_says_while_helm_writes_is_told_as_it_is_and_undone(text: str) -> None:
    assert code_of("HelmReleaseError", text) == HelmErrorCode.CLUSTER
    assert sentence(text) == f"{text}."


def test_what_helm_says_when_it_waited_in_vain_is_one_sentence_of_ours() -> None:
    text = "resource Deployment/dev/envproxy not ready. status: InProgress\ncontext deadline exceeded"
    assert code_of("HelmReleaseError", text) == HelmErrorCode.TIMED_OUT
    assert sentence(text) == "resource Deployment/dev/envproxy not ready. status: InProgress."
