"""The life of an environment, on the sandbox and on real clusters."""

from dataclasses import replace
from decimal import Decimal

import pytest

from providers.kube.blocking import run
from providers.kube.client import namespaced
from providers.kube.environment_objects import EnvironmentSpec
from providers.kube.environments import (
    Observation,
    delete_environment,
    observe_environments,
    stop_environment,
)
from providers.kube.errors import Invalid, KubeError, NamespaceMissing
from providers.kube.permissions import RUN
from providers.target import ClusterTarget
from tests.clusters import Cluster, eventually
from tests.kube.living import applied, becomes, claim_of, observed
from tests.kube.specs import make_new_spec
from tests.kube.things import as_account, read, with_client

KINDS = ("PersistentVolumeClaim", "ServiceAccount", "NetworkPolicy", "Service", "Deployment")


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
