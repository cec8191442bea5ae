"""Pods that a kubelet outside of the sandbox runs: the sandbox leaves them alone for as long as that node is there."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from kubernetes import client

from coderadmin.embedded.sandbox.controllers.outside import NAMESPACES, TAKES
from tests.clusters import FaultyCluster, api_client, eventually

LABELS = {"app.kubernetes.io/name": "envproxy"}
NODE = "outside"


@pytest.fixture
def core(faulty_cluster: FaultyCluster) -> Iterator[client.CoreV1Api]:
    with api_client(faulty_cluster.kubeconfig) as api:
        yield client.CoreV1Api(api)


@pytest.fixture
def outside(core: client.CoreV1Api, faulty_cluster: FaultyCluster) -> Iterator[str]:
    """A cordoned Node that takes envproxy's pods in the test's namespace."""
    annotations = {TAKES: "envproxy", NAMESPACES: f"other,{faulty_cluster.namespace}"}
    core.create_node({"metadata": {"name": NODE, "annotations": annotations}, "spec": {"unschedulable": True}})
    yield NODE
    with suppress(client.ApiException):  # a test may have deleted it
        core.delete_node(NODE)


def make_pod(core: client.CoreV1Api, namespace: str, name: str, labels: dict[str, str] | None = None) -> None:
    spec = {"containers": [{"name": "main", "image": "registry.invalid/main:1"}]}
    core.create_namespaced_pod(namespace, {"metadata": {"name": name, "labels": labels or {}}, "spec": spec})


def runs(core: client.CoreV1Api, namespace: str, name: str) -> bool:
    return core.read_namespaced_pod(name, namespace).status.phase == "Running"


def bind(core: client.CoreV1Api, namespace: str, name: str) -> None:
    target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
    body = {"metadata": {"name": name}, "target": target}
    core.create_namespaced_pod_binding(name, namespace, body, _preload_content=False)


@pytest.mark.usefixtures("outside")
def test_its_pods_wait_for_it_while_others_run(core: client.CoreV1Api, faulty_cluster: FaultyCluster) -> None:
    namespace = faulty_cluster.namespace
    make_pod(core, namespace, "theirs", LABELS)
    make_pod(core, namespace, "ours")
    assert eventually(lambda: runs(core, namespace, "ours"))
    pod = core.read_namespaced_pod("theirs", namespace)
    assert (pod.spec.node_name, pod.status.phase) == (None, "Pending")


@pytest.mark.usefixtures("outside")
def test_only_the_outside_kubelet_says_what_becomes_of_a_bound_pod(
    core: client.CoreV1Api, faulty_cluster: FaultyCluster
) -> None:
    namespace = faulty_cluster.namespace
    make_pod(core, namespace, "theirs", LABELS)
    bind(core, namespace, "theirs")
    core.delete_namespaced_pod("theirs", namespace)
    make_pod(core, namespace, "ours")
    assert eventually(lambda: runs(core, namespace, "ours"))
    pod = core.read_namespaced_pod("theirs", namespace)
    assert pod.metadata.deletion_timestamp
    assert (pod.status.phase, pod.status.container_statuses) == ("Pending", None)
    core.delete_namespaced_pod("theirs", namespace, grace_period_seconds=0)
    assert "theirs" not in [one.metadata.name for one in core.list_namespaced_pod(namespace).items]


def test_without_it_the_sandbox_runs_them(core: client.CoreV1Api, faulty_cluster: FaultyCluster, outside: str) -> None:
    namespace = faulty_cluster.namespace
    for name in ("waits", "bound"):
        make_pod(core, namespace, name, LABELS)
    bind(core, namespace, "bound")
    core.delete_node(outside)
    assert eventually(lambda: runs(core, namespace, "waits") and runs(core, namespace, "bound"))


@pytest.mark.usefixtures("outside")
def test_an_image_that_breaks_by_a_fault_breaks_for_them_too(
    core: client.CoreV1Api, faulty_cluster: FaultyCluster
) -> None:
    faulty_cluster.fault("broken-image")
    make_pod(core, faulty_cluster.namespace, "theirs", LABELS)

    def is_broken() -> bool:
        statuses = core.read_namespaced_pod("theirs", faulty_cluster.namespace).status.container_statuses
        return bool(statuses) and statuses[0].state.waiting.reason == "ImagePullBackOff"

    assert eventually(is_broken)
