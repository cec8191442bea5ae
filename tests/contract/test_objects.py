"""Writing and reading objects: what is stored, what is filled in, what is refused and in which words."""

import pytest
from kubernetes import client

from tests.clusters import eventually
from tests.contract.manifests import make_config_map, make_deployment, refusal


def test_a_new_object_gets_its_identity(core: client.CoreV1Api, namespace: str) -> None:
    made = core.create_namespaced_config_map(namespace, make_config_map("one", {"a": "1"}))
    assert made.metadata.uid
    assert made.metadata.creation_timestamp
    assert made.metadata.resource_version
    assert core.read_namespaced_config_map("one", namespace).data == {"a": "1"}


def test_a_name_is_generated_from_its_beginning(core: client.CoreV1Api, namespace: str) -> None:
    manifest = {"metadata": {"generateName": "made-"}}
    names = {core.create_namespaced_config_map(namespace, manifest).metadata.name for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("made-") and len(name) == len("made-") + 5 for name in names)


def test_a_secret_is_kept_in_base64(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_secret(namespace, {"metadata": {"name": "s"}, "stringData": {"a": "b"}})
    found = core.read_namespaced_secret("s", namespace)
    assert found.data == {"a": "Yg=="}
    assert found.type == "Opaque"


def test_the_same_name_twice_already_exists(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("one"))
    status = refusal(lambda: core.create_namespaced_config_map(namespace, make_config_map("one")))
    assert (status["code"], status["reason"]) == (409, "AlreadyExists")
    assert status["message"] == 'configmaps "one" already exists'
    assert status["details"] == {"name": "one", "kind": "configmaps"}


def test_a_missing_object_is_named(apps: client.AppsV1Api, namespace: str) -> None:
    status = refusal(lambda: apps.read_namespaced_deployment("nowhere", namespace))
    assert (status["code"], status["reason"]) == (404, "NotFound")
    assert status["message"] == 'deployments.apps "nowhere" not found'
    assert status["details"] == {"name": "nowhere", "group": "apps", "kind": "deployments"}


def test_a_missing_namespace_is_named(core: client.CoreV1Api) -> None:
    status = refusal(lambda: core.create_namespaced_config_map("not-there", make_config_map("one")))
    assert (status["code"], status["message"]) == (404, 'namespaces "not-there" not found')


def test_an_outdated_write_conflicts(core: client.CoreV1Api, namespace: str) -> None:
    first = core.create_namespaced_config_map(namespace, make_config_map("one", {"a": "1"}))
    version = first.metadata.resource_version
    core.replace_namespaced_config_map("one", namespace, make_config_map("one", {"a": "2"}, resourceVersion=version))
    late = make_config_map("one", {"a": "3"}, resourceVersion=version)
    status = refusal(lambda: core.replace_namespaced_config_map("one", namespace, late))
    assert (status["code"], status["reason"]) == (409, "Conflict")
    assert core.read_namespaced_config_map("one", namespace).data == {"a": "2"}


def test_a_write_without_a_change_makes_no_new_version(core: client.CoreV1Api, namespace: str) -> None:
    before = core.create_namespaced_config_map(namespace, make_config_map("one", {"a": "1"}))
    after = core.patch_namespaced_config_map("one", namespace, {"data": {"a": "1"}})
    assert after.metadata.resource_version == before.metadata.resource_version


@pytest.mark.parametrize("name", ["Upper", "under_score", "-front", "a" * 254])
def test_a_bad_name_is_invalid(core: client.CoreV1Api, namespace: str, name: str) -> None:
    status = refusal(lambda: core.create_namespaced_config_map(namespace, make_config_map(name)))
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert status["details"]["causes"][0]["field"] == "metadata.name"


def test_every_missing_field_is_listed(apps: client.AppsV1Api, namespace: str) -> None:
    deployment = make_deployment("web", selector={})
    deployment["spec"]["template"]["spec"]["containers"] = [{"name": "web"}]
    status = refusal(lambda: apps.create_namespaced_deployment(namespace, deployment))
    assert status["code"] == 422
    fields = {cause["field"] for cause in status["details"]["causes"]}
    assert fields >= {"spec.selector", "spec.template.spec.containers[0].image"}


def test_a_selector_must_match_the_template(apps: client.AppsV1Api, namespace: str) -> None:
    deployment = make_deployment("web", selector={"matchLabels": {"app": "other"}})
    status = refusal(lambda: apps.create_namespaced_deployment(namespace, deployment))
    assert status["code"] == 422
    assert status["details"]["causes"][0]["field"] == "spec.template.metadata.labels"


def test_a_selector_cannot_be_changed(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=0))
    labels = {"app": "other"}
    change = {"spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}}
    status = refusal(lambda: apps.patch_namespaced_deployment("web", namespace, change))
    assert status["code"] == 422
    assert "field is immutable" in status["message"]


def test_another_kind_in_the_body_is_a_bad_request(core: client.CoreV1Api, namespace: str) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}}
    status = refusal(lambda: core.create_namespaced_config_map(namespace, body))
    assert (status["code"], status["reason"]) == (400, "BadRequest")


def test_a_dry_run_stores_nothing(core: client.CoreV1Api, namespace: str) -> None:
    made = core.create_namespaced_config_map(namespace, make_config_map("dry"), dry_run="All")
    assert made.metadata.uid
    assert refusal(lambda: core.read_namespaced_config_map("dry", namespace))["code"] == 404


def test_defaults_are_filled_in(apps: client.AppsV1Api, namespace: str) -> None:
    spec = apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=0)).spec
    assert spec.strategy.type == "RollingUpdate"
    assert spec.progress_deadline_seconds == 600
    assert spec.template.spec.restart_policy == "Always"
    assert spec.template.spec.containers[0].image_pull_policy == "IfNotPresent"


def test_generation_counts_changes_of_the_specification_only(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=0))
    labelled = apps.patch_namespaced_deployment("web", namespace, {"metadata": {"labels": {"a": "b"}}})
    assert labelled.metadata.generation == 1
    paused = apps.patch_namespaced_deployment("web", namespace, {"spec": {"paused": True}})
    assert paused.metadata.generation == 2


def test_replicas_are_changed_through_scale(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=0))
    scale = apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 2}})
    assert scale.spec.replicas == 2
    assert apps.read_namespaced_deployment("web", namespace).spec.replicas == 2


def test_an_immutable_secret_stays(core: client.CoreV1Api, namespace: str) -> None:
    manifest = {"metadata": {"name": "s"}, "data": {"a": "Yg=="}, "immutable": True}
    core.create_namespaced_secret(namespace, manifest)
    change = {"data": {"a": "Yw=="}}
    assert refusal(lambda: core.patch_namespaced_secret("s", namespace, change))["code"] == 422


def test_an_unknown_api_is_no_status(api: client.ApiClient) -> None:
    with pytest.raises(client.ApiException) as refused:
        client.CustomObjectsApi(api).list_cluster_custom_object("nowhere.invalid", "v1", "things")
    assert (refused.value.status, refused.value.body.strip()) == (404, "404 page not found")


def test_a_rule_needs_groups_and_resources(rbac: client.RbacAuthorizationV1Api, namespace: str) -> None:
    role = {"metadata": {"name": "r"}, "rules": [{"verbs": ["get"]}]}
    causes = refusal(lambda: rbac.create_namespaced_role(namespace, role))["details"]["causes"]
    assert {cause["field"] for cause in causes} == {"rules[0].apiGroups", "rules[0].resources"}


def test_a_claim_stays_while_a_pod_uses_it(core: client.CoreV1Api, namespace: str) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    core.create_namespaced_persistent_volume_claim(namespace, {"metadata": {"name": "home"}, "spec": spec})
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": "home"}}
    pod = {"containers": [{"name": "web", "image": "registry.invalid/web:1"}], "volumes": [volume]}
    pod["nodeName"] = core.list_node().items[0].metadata.name
    core.create_namespaced_pod(namespace, {"metadata": {"name": "user"}, "spec": pod})
    core.delete_namespaced_persistent_volume_claim("home", namespace)
    assert core.read_namespaced_persistent_volume_claim("home", namespace).metadata.deletion_timestamp
    core.delete_namespaced_pod("user", namespace, grace_period_seconds=0)
    assert eventually(lambda: not core.list_namespaced_persistent_volume_claim(namespace).items)
