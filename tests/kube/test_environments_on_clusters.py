"""The life of an environment, on the sandbox and on real clusters."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from providers.kube.blocking import run
from providers.kube.client import namespaced
from providers.kube.environment_objects import EnvironmentSpec
from providers.kube.environments import (
    Observation,
    apply_environment,
    delete_environment,
    observe_environment,
    observe_environments,
    stop_environment,
)
from providers.kube.errors import Invalid, KubeError, NamespaceMissing
from providers.kube.permissions import RUN
from providers.target import ClusterTarget
from tests.clusters import Cluster, eventually
from tests.kube.specs import make_new_spec
from tests.kube.things import as_account, put, read, with_client

KINDS = ("PersistentVolumeClaim", "ServiceAccount", "NetworkPolicy", "Service", "Deployment")
VOLUMES = "/api/v1/persistentvolumes"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


def applied(target: ClusterTarget, spec: EnvironmentSpec) -> list[str]:
    lines: list[str] = []
    run(apply_environment(target, spec, lines.append))
    return lines


def observed(target: ClusterTarget, spec: EnvironmentSpec) -> Observation:
    return run(observe_environment(target, spec.object_name))


def becomes(target: ClusterTarget, spec: EnvironmentSpec, state: str) -> bool:
    return eventually(lambda: observed(target, spec).state == state)


def problems(target: ClusterTarget, spec: EnvironmentSpec) -> str:
    return " ".join(observed(target, spec).problems)


def claim_of(target: ClusterTarget, spec: EnvironmentSpec) -> dict[str, Any]:
    claim = read(target, "v1", "persistentvolumeclaims", spec.object_name)
    assert claim is not None
    return claim


def make_class(name: str, *, allows_expansion: bool) -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
        "allowVolumeExpansion": allows_expansion,
    }


def make_volume(name: str, storage_class: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "100Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "hostPath": {"path": "/tmp/none"},
        },
    }


@pytest.fixture(params=[True], ids=["grows"])
def storage(request: pytest.FixtureRequest, target: ClusterTarget) -> Iterator[str]:
    """A storage class, with two volumes for clusters without a provisioner."""
    name = target.namespace
    volumes = [f"{name}-{number}" for number in (1, 2)]
    with_client(target, lambda client: client.create(CLASSES, make_class(name, allows_expansion=request.param)))
    for volume in volumes:
        with_client(target, lambda client, volume=volume: client.create(VOLUMES, make_volume(volume, name)))
    yield name
    for volume in volumes:
        with_client(target, lambda client, volume=volume: client.delete(f"{VOLUMES}/{volume}"))
    with_client(target, lambda client: client.delete(f"{CLASSES}/{name}"))


@pytest.fixture
def spec(storage: str) -> EnvironmentSpec:
    return make_new_spec(storage_class=storage)


def test_an_environment_is_created_stopped_started_grown_and_deleted(
    target: ClusterTarget, spec: EnvironmentSpec
) -> None:
    assert applied(target, spec) == [f"{kind} {spec.object_name} is applied." for kind in KINDS]
    assert becomes(target, spec, "on")
    assert observed(target, spec) == Observation(state="on")

    assert run(stop_environment(target, spec.object_name)) is True
    assert becomes(target, spec, "off")
    assert claim_of(target, spec)["status"]["phase"] == "Bound"

    grown = replace(spec, disk_gb=20, cpu_cores=Decimal(1))
    applied(target, grown)
    assert becomes(target, grown, "on")
    assert claim_of(target, grown)["spec"]["resources"]["requests"] == {"storage": "20Gi"}

    deleted = run(delete_environment(target, spec.object_name))
    assert sorted(deleted) == sorted(f"{kind} {spec.object_name}" for kind in KINDS)
    assert eventually(lambda: run(delete_environment(target, spec.object_name)) == [])
    assert observed(target, spec).state == "missing"


def test_applying_again_changes_nothing(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, spec)
    assert becomes(target, spec, "on")
    before = read(target, "apps/v1", "deployments", spec.object_name)
    applied(target, spec)
    after = read(target, "apps/v1", "deployments", spec.object_name)
    assert before is not None and after is not None
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert observed(target, spec).state == "on"


def test_what_somebody_changed_is_taken_back(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, spec)
    path = namespaced(target, "apps/v1", "deployments", spec.object_name)
    theirs = {"spec": {"template": {"spec": {"containers": [{"name": "environment", "image": "theirs:1"}]}}}}
    merge = "application/strategic-merge-patch+json"
    with_client(target, lambda client: client.request("PATCH", path, body=theirs, content_type=merge))
    applied(target, spec)
    found = read(target, "apps/v1", "deployments", spec.object_name)
    assert found is not None
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.invalid/base:1"


def test_a_new_image_takes_the_place_of_the_old_one(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    broken = replace(spec, image="registry.invalid/broken")
    applied(target, broken)
    assert becomes(target, broken, "failed")
    applied(target, spec)
    states = []
    assert eventually(lambda: states.append(observed(target, spec).state) or states[-1] == "on")
    assert set(states) <= {"creating", "on"}  # the trouble of the old pod is not told as the new one's


def test_an_image_that_cannot_be_pulled_is_a_failure(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    broken = replace(spec, image="registry.invalid/broken", tag="7")
    applied(target, broken)
    assert becomes(target, broken, "failed")
    assert "The image registry.invalid/broken:7 cannot be pulled" in problems(target, broken)


def test_an_environment_that_no_node_takes_is_still_being_created(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, replace(spec, node_selector={"example.com/no-such": "node"}))
    assert eventually(lambda: "No node takes the pod" in problems(target, spec))
    assert observed(target, spec).state == "creating"


def test_a_quota_that_is_used_up_is_a_failure(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    put(target, "v1", "resourcequotas", {"metadata": {"name": "small"}, "spec": {"hard": {"pods": "0"}}})
    assert eventually(lambda: "hard" in (read(target, "v1", "resourcequotas", "small") or {}).get("status", {}))
    applied(target, spec)
    assert becomes(target, spec, "failed")
    assert "quota of the namespace is used up" in problems(target, spec)


def test_a_claim_without_a_volume_is_told(target: ClusterTarget) -> None:
    spec = make_new_spec(storage_class="no-such-class")
    applied(target, spec)
    assert eventually(lambda: f"The volume claim {spec.object_name} is not bound" in problems(target, spec))
    assert observed(target, spec).state == "creating"


def test_a_deployment_that_somebody_deleted_is_missing(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, spec)
    assert becomes(target, spec, "on")
    path = namespaced(target, "apps/v1", "deployments", spec.object_name)
    assert with_client(target, lambda client: client.delete(path))
    assert becomes(target, spec, "missing")
    assert run(observe_environments(target))[spec.environment_id].state == "missing"
    applied(target, spec)
    assert becomes(target, spec, "on")


def test_a_home_that_somebody_deleted_is_told_while_it_is_off(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, replace(spec, running=False))
    assert becomes(target, spec, "off")
    path = namespaced(target, "v1", "persistentvolumeclaims", spec.object_name)
    assert with_client(target, lambda client: client.delete(path))
    assert eventually(lambda: "the home is lost" in problems(target, spec))
    assert observed(target, spec).state == "off"


def test_a_home_never_shrinks_and_nothing_is_written(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, spec)
    with pytest.raises(Invalid, match="never shrinks: it has 10Gi on the cluster, 9Gi are wanted"):
        applied(target, replace(spec, disk_gb=9, tag="2"))
    found = read(target, "apps/v1", "deployments", spec.object_name)
    assert found is not None
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.invalid/base:1"


def test_another_storage_class_leaves_the_home_where_it_is(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, spec)
    for other in ("another", ""):
        applied(target, replace(spec, storage_class=other))
        assert claim_of(target, spec)["spec"]["storageClassName"] == spec.storage_class


@pytest.mark.parametrize("storage", [False], indirect=True, ids=["stays"])
def test_a_class_that_cannot_expand_is_named(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, spec)
    assert eventually(lambda: claim_of(target, spec)["status"]["phase"] == "Bound")
    sentence = f"cannot grow from 10Gi to 20Gi: its storage class {spec.storage_class} does not allow expansion"
    with pytest.raises(Invalid, match=sentence):
        applied(target, replace(spec, disk_gb=20))


def test_a_home_without_a_volume_cannot_grow_yet(target: ClusterTarget) -> None:
    spec = make_new_spec(storage_class="no-such-class")
    applied(target, spec)
    with pytest.raises(Invalid, match="cannot grow from 10Gi to 20Gi before its volume has been provided"):
        applied(target, replace(spec, disk_gb=20))


def test_all_environments_are_seen_at_once(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    off, broken = (
        make_new_spec(running=False),
        make_new_spec(name="b", image="broken", storage_class=spec.storage_class),
    )
    for each in (spec, off, broken):
        applied(target, each)
    wanted = {spec.environment_id: "on", off.environment_id: "off", broken.environment_id: "failed"}

    def states() -> dict[Any, str]:
        return {key: seen.state for key, seen in run(observe_environments(target)).items()}

    assert eventually(lambda: states() == wanted), states()
    seen = run(observe_environments(target))
    assert seen[spec.environment_id] == observed(target, spec)
    assert "cannot be pulled" in " ".join(seen[broken.environment_id].problems)


def test_what_is_gone_is_stopped_and_deleted(target: ClusterTarget) -> None:
    name = make_new_spec().object_name
    assert run(stop_environment(target, name)) is False
    assert run(delete_environment(target, name)) == []
    assert run(observe_environments(target)) == {}


def test_a_namespace_that_is_not_there_is_said(target: ClusterTarget) -> None:
    nowhere = replace(target, namespace=f"{target.namespace}-nowhere")
    with pytest.raises(NamespaceMissing):
        applied(nowhere, make_new_spec())


def test_the_listed_rights_are_enough(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    account = as_account(target, "runner", RUN)
    assert eventually(lambda: may_apply(account, spec))
    assert becomes(account, spec, "on")
    assert run(stop_environment(account, spec.object_name)) is True
    assert spec.environment_id in run(observe_environments(account))
    assert len(run(delete_environment(account, spec.object_name))) == len(KINDS)


def test_its_pod_meets_the_restricted_pod_security_standard(
    cluster: Cluster, target: ClusterTarget, spec: EnvironmentSpec
) -> None:
    path = f"/api/v1/namespaces/{target.namespace}"
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    merge = "application/merge-patch+json"
    with_client(target, lambda client: client.request("PATCH", path, body=label, content_type=merge))
    applied(target, spec)
    assert becomes(target, spec, "on")


def may_apply(account: ClusterTarget, spec: EnvironmentSpec) -> bool:
    try:
        applied(account, spec)
    except KubeError:
        return False
    return True
