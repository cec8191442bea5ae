"""Deployments and their pods: becoming available, being exchanged, and every way of failing to."""

from typing import Any

import pytest
from kubernetes import client

from tests.clusters import eventually
from tests.contract.manifests import make_deployment

BROKEN = "registry.invalid/broken:1"


def _conditions(apps: client.AppsV1Api, namespace: str) -> dict[str, Any]:
    status = apps.read_namespaced_deployment("web", namespace).status
    return {condition.type: condition for condition in status.conditions or []}


def _is_available(apps: client.AppsV1Api, namespace: str, replicas: int = 1) -> bool:
    found = apps.read_namespaced_deployment("web", namespace)
    status, spec = found.status, found.spec
    return (
        status.observed_generation == found.metadata.generation
        and status.updated_replicas == status.available_replicas == status.replicas == spec.replicas == replicas
    )


def _pods(core: client.CoreV1Api, namespace: str) -> list[Any]:
    return core.list_namespaced_pod(namespace, label_selector="app=web").items


def _waiting_reasons(core: client.CoreV1Api, namespace: str) -> set[str]:
    statuses = [status for pod in _pods(core, namespace) for status in pod.status.container_statuses or []]
    return {status.state.waiting.reason for status in statuses if status.state.waiting}


def _event_reasons(core: client.CoreV1Api, namespace: str) -> set[str]:
    return {event.reason for event in core.list_namespaced_event(namespace).items}


@pytest.fixture
def running(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=2))
    assert eventually(lambda: _is_available(apps, namespace, 2))


@pytest.mark.usefixtures("running")
def test_a_deployment_becomes_available(core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str) -> None:
    conditions = _conditions(apps, namespace)
    assert (conditions["Available"].status, conditions["Available"].reason) == ("True", "MinimumReplicasAvailable")
    assert eventually(lambda: _conditions(apps, namespace)["Progressing"].reason == "NewReplicaSetAvailable")
    pod = _pods(core, namespace)[0]
    assert pod.status.phase == "Running"
    assert pod.spec.node_name
    assert pod.metadata.owner_references[0].kind == "ReplicaSet"
    assert {"ScalingReplicaSet", "SuccessfulCreate", "Scheduled"} <= _event_reasons(core, namespace)


@pytest.mark.usefixtures("running")
def test_a_new_template_exchanges_all_pods(core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str) -> None:
    before = {pod.metadata.name for pod in _pods(core, namespace)}
    apps.patch_namespaced_deployment("web", namespace, _image("registry.invalid/web:2"))
    assert eventually(lambda: _is_available(apps, namespace, 2))
    assert eventually(lambda: not before & {pod.metadata.name for pod in _pods(core, namespace)})
    revisions = [
        one.metadata.annotations["deployment.kubernetes.io/revision"] for one in _replica_sets(apps, namespace)
    ]
    assert sorted(revisions) == ["1", "2"]


@pytest.mark.usefixtures("running")
def test_a_broken_image_leaves_the_old_pods_at_work(
    core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str
) -> None:
    apps.patch_namespaced_deployment("web", namespace, _image(BROKEN))
    assert eventually(lambda: "ImagePullBackOff" in _waiting_reasons(core, namespace))
    status = apps.read_namespaced_deployment("web", namespace).status
    assert status.available_replicas == 2
    assert status.unavailable_replicas == 1
    assert _conditions(apps, namespace)["Available"].status == "True"


@pytest.mark.usefixtures("running")
def test_the_old_template_takes_its_replica_set_back(apps: client.AppsV1Api, namespace: str) -> None:
    first = {one.metadata.name for one in _replica_sets(apps, namespace)}
    apps.patch_namespaced_deployment("web", namespace, _image(BROKEN))
    assert eventually(lambda: len(_replica_sets(apps, namespace)) == 2)
    apps.patch_namespaced_deployment("web", namespace, _image("registry.invalid/web:1"))
    assert eventually(lambda: _is_available(apps, namespace, 2))
    assert {one.metadata.name for one in _replica_sets(apps, namespace) if one.spec.replicas} == first


def test_no_progress_within_the_deadline_is_said(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web", BROKEN, progressDeadlineSeconds=1))
    assert eventually(lambda: _conditions(apps, namespace).get("Progressing") is not None)
    assert eventually(lambda: _conditions(apps, namespace)["Progressing"].reason == "ProgressDeadlineExceeded")
    assert _conditions(apps, namespace)["Available"].status == "False"


def test_a_used_up_quota_is_said(core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str) -> None:
    core.create_namespaced_resource_quota(namespace, {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}})
    assert eventually(lambda: getattr(core.read_namespaced_resource_quota("none", namespace).status, "hard", None))
    apps.create_namespaced_deployment(namespace, make_deployment("web"))
    assert eventually(lambda: "ReplicaFailure" in _conditions(apps, namespace))
    failure = _conditions(apps, namespace)["ReplicaFailure"]
    assert (failure.status, failure.reason) == ("True", "FailedCreate")
    assert "exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0" in failure.message
    assert eventually(lambda: "FailedCreate" in _event_reasons(core, namespace))


def test_a_missing_service_account_is_said(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web", pod_spec={"serviceAccountName": "nobody"}))
    assert eventually(lambda: "ReplicaFailure" in _conditions(apps, namespace))
    assert 'serviceaccount "nobody" not found' in _conditions(apps, namespace)["ReplicaFailure"].message


@pytest.mark.parametrize(
    ("pod_spec", "why"),
    [
        ({"nodeSelector": {"no": "such-label"}}, "node"),
        (
            {"containers": [{"name": "web", "image": "a", "resources": {"requests": {"cpu": "9000"}}}]},
            "Insufficient cpu",
        ),
    ],
    ids=["selector", "cpu"],
)
def test_a_pod_that_fits_nowhere_stays_pending(
    core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str, pod_spec: dict[str, Any], why: str
) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web", pod_spec=pod_spec))

    def unschedulable() -> list[Any]:
        conditions = [one for pod in _pods(core, namespace) for one in pod.status.conditions or []]
        return [one for one in conditions if one.reason == "Unschedulable"]

    assert eventually(unschedulable)
    assert (unschedulable()[0].type, unschedulable()[0].status) == ("PodScheduled", "False")
    assert why in unschedulable()[0].message
    assert _pods(core, namespace)[0].status.phase == "Pending"
    assert eventually(lambda: "FailedScheduling" in _event_reasons(core, namespace))


@pytest.mark.usefixtures("running")
def test_scaling_down_takes_pods_away(core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str) -> None:
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 0}})
    assert eventually(lambda: not _pods(core, namespace))


@pytest.mark.usefixtures("running")
def test_a_deleted_pod_is_replaced(core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str) -> None:
    gone = _pods(core, namespace)[0].metadata.name
    core.delete_namespaced_pod(gone, namespace)
    assert eventually(lambda: gone not in {pod.metadata.name for pod in _pods(core, namespace)})
    assert eventually(lambda: _is_available(apps, namespace, 2))


def test_the_name_of_a_pod_ends_at_63_characters(
    core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str
) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("n" * 60))
    assert eventually(lambda: core.list_namespaced_pod(namespace).items)
    [pod] = core.list_namespaced_pod(namespace).items
    assert len(pod.metadata.name) == 63
    assert pod.metadata.name.startswith("n" * 58)


def _replica_sets(apps: client.AppsV1Api, namespace: str) -> list[Any]:
    return apps.list_namespaced_replica_set(namespace).items


def _image(image: str) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}}}
