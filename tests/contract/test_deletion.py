"""Deletion: finalizers, owners and dependents, and the end of a namespace."""

from typing import Any

from kubernetes import client

from tests.clusters import eventually
from tests.contract.manifests import make_config_map, make_deployment, refusal

FINALIZER = "tests.invalid/hold"


def _is_gone(core: client.CoreV1Api, namespace: str, name: str) -> bool:
    found = core.list_namespaced_config_map(namespace, field_selector=f"metadata.name={name}").items
    return not found


def _dependent(owner: Any) -> dict[str, Any]:
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": owner.metadata.name, "uid": owner.metadata.uid}
    return make_config_map("dependent", ownerReferences=[reference])


def test_a_finalizer_holds_an_object_until_it_is_taken_off(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("held", finalizers=[FINALIZER]))
    core.delete_namespaced_config_map("held", namespace)
    held = core.read_namespaced_config_map("held", namespace)
    assert held.metadata.deletion_timestamp
    core.patch_namespaced_config_map(
        "held", namespace, {"metadata": {"finalizers": None}}, _content_type="application/merge-patch+json"
    )
    assert _is_gone(core, namespace, "held")


def test_a_dependent_goes_after_its_owner(core: client.CoreV1Api, namespace: str) -> None:
    owner = core.create_namespaced_config_map(namespace, make_config_map("owner"))
    core.create_namespaced_config_map(namespace, _dependent(owner))
    core.delete_namespaced_config_map("owner", namespace, propagation_policy="Background")
    assert eventually(lambda: _is_gone(core, namespace, "dependent"))


def test_an_orphan_stays(core: client.CoreV1Api, namespace: str) -> None:
    owner = core.create_namespaced_config_map(namespace, make_config_map("owner"))
    core.create_namespaced_config_map(namespace, _dependent(owner))
    core.delete_namespaced_config_map("owner", namespace, propagation_policy="Orphan")
    assert eventually(lambda: _is_gone(core, namespace, "owner"))
    assert not core.read_namespaced_config_map("dependent", namespace).metadata.owner_references


def test_in_the_foreground_the_owner_goes_last(core: client.CoreV1Api, namespace: str) -> None:
    owner = core.create_namespaced_config_map(namespace, make_config_map("owner"))
    core.create_namespaced_config_map(namespace, _dependent(owner))
    core.delete_namespaced_config_map("owner", namespace, propagation_policy="Foreground")
    assert eventually(lambda: _is_gone(core, namespace, "owner"))
    assert _is_gone(core, namespace, "dependent")


def test_a_deletion_of_another_object_of_that_name_conflicts(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("one"))
    body = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    status = refusal(lambda: core.delete_namespaced_config_map("one", namespace, body=body))
    assert (status["code"], status["reason"]) == (409, "Conflict")


def test_deleting_twice_is_not_found(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("one"))
    core.delete_namespaced_config_map("one", namespace)
    assert refusal(lambda: core.delete_namespaced_config_map("one", namespace))["reason"] == "NotFound"


def test_a_collection_is_deleted_by_its_labels(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("goes", labels={"go": "yes"}))
    core.create_namespaced_config_map(namespace, make_config_map("stays"))
    core.delete_collection_namespaced_config_map(namespace, label_selector="go=yes")
    assert eventually(lambda: _is_gone(core, namespace, "goes"))
    assert not _is_gone(core, namespace, "stays")


def test_a_deployment_takes_its_pods_along(core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web"))
    assert eventually(lambda: core.list_namespaced_pod(namespace).items)
    apps.delete_namespaced_deployment("web", namespace)
    assert eventually(lambda: not core.list_namespaced_pod(namespace).items)
    assert not apps.list_namespaced_replica_set(namespace).items


def test_a_namespace_ends_with_all_that_is_in_it(core: client.CoreV1Api, namespace: str) -> None:
    name = f"{namespace}-end"
    core.create_namespace({"metadata": {"name": name}})
    core.create_namespaced_config_map(name, make_config_map("held", finalizers=[FINALIZER]))
    core.delete_namespace(name)
    assert core.read_namespace(name).status.phase == "Terminating"
    status = refusal(lambda: core.create_namespaced_config_map(name, make_config_map("late")))
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    patch = {"metadata": {"finalizers": None}}
    core.patch_namespaced_config_map("held", name, patch, _content_type="application/merge-patch+json")
    assert eventually(lambda: not core.list_namespace(field_selector=f"metadata.name={name}").items, 60)
