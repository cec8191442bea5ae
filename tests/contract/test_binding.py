"""Scheduling a pod by hand, as a scheduler does it."""

import pytest
from kubernetes import client

from tests.clusters import eventually
from tests.contract.manifests import Manifest, refusal

NOWHERE = {"tests.invalid/nowhere": "true"}


@pytest.fixture
def node(core: client.CoreV1Api) -> str:
    return next(node.metadata.name for node in core.list_node().items if not node.spec.unschedulable)


@pytest.fixture
def unscheduled(core: client.CoreV1Api, namespace: str) -> str:
    """A pod that fits no node by itself."""
    spec = {"nodeSelector": NOWHERE, "containers": [{"name": "web", "image": "registry.invalid/web:1"}]}
    core.create_namespaced_pod(namespace, {"metadata": {"name": "web"}, "spec": spec})
    return "web"


def binding_to(core: client.CoreV1Api, namespace: str, name: str, node: str) -> None:
    target = {"apiVersion": "v1", "kind": "Node", "name": node}
    body: Manifest = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}
    core.create_namespaced_pod_binding(name, namespace, body, _preload_content=False)


def test_a_bound_pod_runs_on_its_node(core: client.CoreV1Api, namespace: str, unscheduled: str, node: str) -> None:
    binding_to(core, namespace, unscheduled, node)
    assert core.read_namespaced_pod(unscheduled, namespace).spec.node_name == node
    assert eventually(lambda: core.read_namespaced_pod(unscheduled, namespace).status.phase == "Running")


def test_a_pod_is_bound_only_once(core: client.CoreV1Api, namespace: str, unscheduled: str, node: str) -> None:
    binding_to(core, namespace, unscheduled, node)
    assert refusal(lambda: binding_to(core, namespace, unscheduled, node))["reason"] == "Conflict"


def test_a_missing_pod_can_not_be_bound(core: client.CoreV1Api, namespace: str, node: str) -> None:
    assert refusal(lambda: binding_to(core, namespace, "nobody", node))["reason"] == "NotFound"
