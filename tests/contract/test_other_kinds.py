"""Kinds that are met less often: custom resources, StatefulSets, Jobs, volume claims."""

from typing import Any

from kubernetes import client

from tests.clusters import eventually
from tests.contract.manifests import refusal

GROUP = "tests.invalid"
TEMPLATE = {
    "metadata": {"labels": {"app": "x"}},
    "spec": {"containers": [{"name": "x", "image": "registry.invalid/x:1"}]},
}


def _definition(kind: str) -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"plural": plural, "kind": kind, "singular": kind.lower()}
    spec = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": f"{plural}.{GROUP}"}, "spec": spec}


def test_a_definition_makes_a_new_kind(api: client.ApiClient, namespace: str) -> None:
    kind = f"T{namespace.removeprefix('test-')}"
    plural = f"{kind.lower()}s"
    extensions, custom = client.ApiextensionsV1Api(api), client.CustomObjectsApi(api)
    extensions.create_custom_resource_definition(_definition(kind))
    try:
        body = {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": "one"}, "spec": {"a": 1}}
        assert eventually(lambda: _is_served(custom, namespace, plural))
        custom.create_namespaced_custom_object(GROUP, "v1", namespace, plural, body)
        listed = custom.list_namespaced_custom_object(GROUP, "v1", namespace, plural)["items"]
        assert [(one["kind"], one["metadata"]["name"], one["metadata"]["generation"]) for one in listed] == [
            (kind, "one", 1)
        ]
    finally:
        extensions.delete_custom_resource_definition(f"{plural}.{GROUP}")
    assert eventually(lambda: not _is_served(custom, namespace, plural))


def _is_served(custom: client.CustomObjectsApi, namespace: str, plural: str) -> bool:
    try:
        custom.list_namespaced_custom_object(GROUP, "v1", namespace, plural)
    except client.ApiException as error:
        assert error.status == 404
        return False
    return True


def test_a_stateful_set_numbers_its_pods(core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str) -> None:
    spec = {"serviceName": "x", "replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": TEMPLATE}
    apps.create_namespaced_stateful_set(namespace, {"metadata": {"name": "set"}, "spec": spec})
    assert eventually(lambda: apps.read_namespaced_stateful_set("set", namespace).status.ready_replicas == 2)
    names = {pod.metadata.name for pod in core.list_namespaced_pod(namespace).items}
    assert names == {"set-0", "set-1"}


def test_a_job_starts_its_pod(core: client.CoreV1Api, api: client.ApiClient, namespace: str) -> None:
    template = {"spec": TEMPLATE["spec"] | {"restartPolicy": "Never"}}
    client.BatchV1Api(api).create_namespaced_job(
        namespace, {"metadata": {"name": "once"}, "spec": {"template": template}}
    )
    assert eventually(lambda: core.list_namespaced_pod(namespace, label_selector="job-name=once").items)


def test_a_claim_needs_a_size(core: client.CoreV1Api, namespace: str) -> None:
    claim = {"metadata": {"name": "home"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    status = refusal(lambda: core.create_namespaced_persistent_volume_claim(namespace, claim))
    assert status["code"] == 422
    assert any("storage" in cause["field"] for cause in status["details"]["causes"])


def test_a_service_gets_an_address(core: client.CoreV1Api, namespace: str) -> None:
    manifest = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}}
    spec = core.create_namespaced_service(namespace, manifest).spec
    assert spec.cluster_ip.startswith("10.")
    assert (spec.ports[0].protocol, spec.ports[0].target_port) == ("TCP", 80)
