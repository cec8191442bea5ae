"""Pod Security admission at the level "restricted", on clusters that know it (from 1.25 on)."""

from typing import Any

import pytest
from kubernetes import client

from tests.clusters import eventually
from tests.contract.manifests import Manifest, make_deployment, refusal

CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}


@pytest.fixture(autouse=True)
def restricted(api: client.ApiClient, core: client.CoreV1Api, namespace: str) -> None:
    version = client.VersionApi(api).get_code()
    if int(version.minor.rstrip("+")) < 25:
        pytest.skip(f"Kubernetes {version.git_version} knows no Pod Security admission")
    core.patch_namespace(namespace, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})


def make_pod(container: dict[str, Any] | None = None, **spec: Any) -> Manifest:
    """A pod that is allowed, with changes to its container's security context and to its spec."""
    web = {"name": "web", "image": "registry.invalid/web:1", "securityContext": CONTAINER | (container or {})}
    return {"metadata": {"name": "web"}, "spec": {"securityContext": POD, "containers": [web]} | spec}


def test_a_restricted_pod_is_taken(core: client.CoreV1Api, namespace: str) -> None:
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": "home"}}
    assert core.create_namespaced_pod(namespace, make_pod(volumes=[volume])).metadata.name == "web"


@pytest.mark.parametrize(
    ("pod", "why"),
    [
        (make_pod({"allowPrivilegeEscalation": True}), "allowPrivilegeEscalation != false"),
        (make_pod({"capabilities": {}}), "unrestricted capabilities"),
        (make_pod(securityContext=POD | {"runAsNonRoot": False}), "runAsNonRoot != true"),
        (make_pod(securityContext=POD | {"runAsUser": 0}), "runAsUser=0"),
        (make_pod(securityContext={"runAsNonRoot": True}), "seccompProfile"),
        (make_pod(hostNetwork=True), "host namespaces"),
        (make_pod(volumes=[{"name": "disk", "hostPath": {"path": "/"}}]), "restricted volume types"),
    ],
)
def test_a_pod_that_asks_for_more_is_refused(core: client.CoreV1Api, namespace: str, pod: Manifest, why: str) -> None:
    status = refusal(lambda: core.create_namespaced_pod(namespace, pod))
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert 'violates PodSecurity "restricted:latest"' in status["message"]
    assert why in status["message"]


def test_a_deployment_says_that_its_pod_is_refused(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web"))

    def failures() -> list[Any]:
        conditions = apps.read_namespaced_deployment("web", namespace).status.conditions or []
        return [one for one in conditions if one.type == "ReplicaFailure"]

    assert eventually(failures)
    assert "violates PodSecurity" in failures()[0].message
