"""The three kinds of PATCH beside server-side apply."""

from kubernetes import client

from tests.contract.manifests import make_config_map, make_deployment, refusal

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON = "application/json-patch+json"


def test_a_merge_patch_removes_with_null(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("one", {"a": "1", "b": "2"}))
    patch = {"data": {"a": None, "c": "3"}}
    assert core.patch_namespaced_config_map("one", namespace, patch, _content_type=MERGE).data == {"b": "2", "c": "3"}


def test_a_merge_patch_replaces_lists(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=0))
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "other", "image": "registry.invalid/o:1"}]}}}}
    patched = apps.patch_namespaced_deployment("web", namespace, patch, _content_type=MERGE)
    assert [container.name for container in patched.spec.template.spec.containers] == ["other"]


def test_a_strategic_patch_merges_containers_by_name(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=0))
    containers = [{"name": "web", "env": [{"name": "A", "value": "1"}]}, {"name": "b", "image": "registry.invalid/b:1"}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    patched = apps.patch_namespaced_deployment("web", namespace, patch, _content_type=STRATEGIC)
    found = {container.name: container for container in patched.spec.template.spec.containers}
    assert found.keys() == {"web", "b"}
    assert found["web"].image == "registry.invalid/web:1"
    assert found["web"].env[0].value == "1"


def test_a_strategic_patch_deletes_one_item(apps: client.AppsV1Api, namespace: str) -> None:
    deployment = make_deployment("web", replicas=0)
    deployment["spec"]["template"]["spec"]["containers"].append({"name": "b", "image": "registry.invalid/b:1"})
    apps.create_namespaced_deployment(namespace, deployment)
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "b", "$patch": "delete"}]}}}}
    patched = apps.patch_namespaced_deployment("web", namespace, patch, _content_type=STRATEGIC)
    assert [container.name for container in patched.spec.template.spec.containers] == ["web"]


def test_a_json_patch_changes_one_place(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("one", {"a": "1"}))
    operations = [{"op": "replace", "path": "/data/a", "value": "2"}, {"op": "add", "path": "/data/b", "value": "3"}]
    patched = core.patch_namespaced_config_map("one", namespace, operations, _content_type=JSON)
    assert patched.data == {"a": "2", "b": "3"}


def test_a_json_patch_that_does_not_fit_is_refused(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("one", {"a": "1"}))
    operations = [{"op": "test", "path": "/data/a", "value": "other"}]
    status = refusal(lambda: core.patch_namespaced_config_map("one", namespace, operations, _content_type=JSON))
    assert status["code"] == 422


def test_a_missing_object_cannot_be_patched(core: client.CoreV1Api, namespace: str) -> None:
    patch = {"data": {"a": "1"}}
    assert refusal(lambda: core.patch_namespaced_config_map("nowhere", namespace, patch))["code"] == 404
