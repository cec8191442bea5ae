"""Volume claims: what may change, and when they may grow."""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from tests.clusters import eventually
from tests.contract.manifests import Manifest, refusal


@pytest.fixture(params=[True], ids=["grows"])
def storage(
    request: pytest.FixtureRequest, api: client.ApiClient, core: client.CoreV1Api, namespace: str
) -> Iterator[str]:
    """A storage class of this test, and a volume of it for clusters without a provisioner."""
    classes = client.StorageV1Api(api)
    storage_class = {"metadata": {"name": namespace}, "provisioner": "kubernetes.io/no-provisioner"}
    classes.create_storage_class(storage_class | {"allowVolumeExpansion": request.param})
    spec = {"capacity": {"storage": "9Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": namespace}
    core.create_persistent_volume({"metadata": {"name": namespace}, "spec": spec | {"hostPath": {"path": "/tmp/none"}}})
    yield namespace
    assert core.delete_persistent_volume(namespace).metadata.name == namespace  # the object, not a Status
    assert classes.delete_storage_class(namespace).metadata.name == namespace


def make_claim(storage_class: str) -> Manifest:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": "home"}, "spec": spec | {"storageClassName": storage_class}}


@pytest.fixture
def bound(core: client.CoreV1Api, namespace: str, storage: str) -> None:
    core.create_namespaced_persistent_volume_claim(namespace, make_claim(storage))
    read = core.read_namespaced_persistent_volume_claim
    assert eventually(lambda: read("home", namespace).status.phase == "Bound")


def sized(size: str) -> Manifest:
    return {"spec": {"resources": {"requests": {"storage": size}}}}


def causes(core: client.CoreV1Api, namespace: str, change: Manifest) -> list[Any]:
    status = refusal(lambda: core.patch_namespaced_persistent_volume_claim("home", namespace, change))
    assert status["code"] == 422
    return [(cause["reason"], cause["field"]) for cause in status["details"]["causes"]]


@pytest.mark.usefixtures("bound")
def test_a_bound_claim_may_grow(core: client.CoreV1Api, namespace: str) -> None:
    changed = core.patch_namespaced_persistent_volume_claim("home", namespace, sized("2Gi"))
    assert changed.spec.resources.requests == {"storage": "2Gi"}


@pytest.mark.usefixtures("bound")
def test_a_claim_does_not_shrink(core: client.CoreV1Api, namespace: str) -> None:
    assert causes(core, namespace, sized("512Mi")) == [("FieldValueForbidden", "spec.resources.requests.storage")]


@pytest.mark.usefixtures("bound")
def test_a_claim_keeps_its_class(core: client.CoreV1Api, namespace: str) -> None:
    assert causes(core, namespace, {"spec": {"storageClassName": "other"}}) == [("FieldValueForbidden", "spec")]


def test_a_claim_without_a_volume_keeps_its_size(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_persistent_volume_claim(namespace, make_claim("no-such-class"))
    assert causes(core, namespace, sized("2Gi")) == [("FieldValueForbidden", "spec")]


@pytest.mark.usefixtures("bound")
@pytest.mark.parametrize("storage", [False], indirect=True, ids=["stays"])
def test_a_class_may_forbid_growth(core: client.CoreV1Api, namespace: str) -> None:
    status = refusal(lambda: core.patch_namespaced_persistent_volume_claim("home", namespace, sized("2Gi")))
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert "the storageclass that provisions the pvc must support resize" in status["message"]
