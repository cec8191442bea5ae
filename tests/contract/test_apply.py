"""Server-side apply: who owns which field, and who may change it."""

from typing import Any

from kubernetes import client

from tests.contract.manifests import Manifest, make_config_map, make_deployment, refusal

APPLY = "application/apply-patch+yaml"


def _apply(core: client.CoreV1Api, namespace: str, data: dict[str, str], manager: str, **options: Any) -> Any:
    manifest = make_config_map("one", data)
    options = {"field_manager": manager, "_content_type": APPLY} | options
    return core.patch_namespaced_config_map("one", namespace, manifest, **options)


def test_applying_creates_and_then_changes(core: client.CoreV1Api, namespace: str) -> None:
    first = _apply(core, namespace, {"a": "1"}, "us")
    second = _apply(core, namespace, {"a": "2"}, "us")
    assert second.metadata.uid == first.metadata.uid
    assert second.data == {"a": "2"}


def test_a_field_no_longer_applied_goes(core: client.CoreV1Api, namespace: str) -> None:
    _apply(core, namespace, {"a": "1", "b": "2"}, "us")
    assert _apply(core, namespace, {"b": "2"}, "us").data == {"b": "2"}


def test_fields_of_others_stay(core: client.CoreV1Api, namespace: str) -> None:
    _apply(core, namespace, {"a": "1"}, "us")
    assert _apply(core, namespace, {"b": "2"}, "them").data == {"a": "1", "b": "2"}


def test_a_field_with_two_owners_stays_until_both_give_it_up(core: client.CoreV1Api, namespace: str) -> None:
    _apply(core, namespace, {"a": "1", "b": "2"}, "us")
    _apply(core, namespace, {"a": "1"}, "them")
    assert _apply(core, namespace, {"b": "2"}, "us").data == {"a": "1", "b": "2"}


def test_another_value_for_an_owned_field_conflicts(core: client.CoreV1Api, namespace: str) -> None:
    _apply(core, namespace, {"a": "1"}, "us")
    status = refusal(lambda: _apply(core, namespace, {"a": "2"}, "them"))
    assert (status["code"], status["reason"]) == (409, "Conflict")
    assert status["details"]["causes"][0]["reason"] == "FieldManagerConflict"
    assert status["details"]["causes"][0]["field"] == ".data.a"
    assert 'conflict with "us"' in status["message"]


def test_force_takes_the_field_over(core: client.CoreV1Api, namespace: str) -> None:
    _apply(core, namespace, {"a": "1"}, "us")
    _apply(core, namespace, {"a": "2"}, "them", force=True)
    assert refusal(lambda: _apply(core, namespace, {"a": "1"}, "us"))["code"] == 409


def test_an_ordinary_update_owns_what_it_changed(core: client.CoreV1Api, namespace: str) -> None:
    _apply(core, namespace, {"a": "1", "b": "1"}, "us")
    core.patch_namespaced_config_map("one", namespace, {"data": {"a": "2"}}, field_manager="by-hand")
    status = refusal(lambda: _apply(core, namespace, {"a": "1", "b": "2"}, "us"))
    assert [cause["field"] for cause in status["details"]["causes"]] == [".data.a"]
    assert '"by-hand" using' in status["message"]


def test_applying_the_same_again_changes_nothing(core: client.CoreV1Api, namespace: str) -> None:
    first = _apply(core, namespace, {"a": "1"}, "us")
    again = _apply(core, namespace, {"a": "1"}, "us")
    assert again.metadata.resource_version == first.metadata.resource_version


def test_the_manager_has_to_be_named(core: client.CoreV1Api, namespace: str) -> None:
    manifest = make_config_map("one")
    call = lambda: core.patch_namespaced_config_map("one", namespace, manifest, _content_type=APPLY)  # noqa: E731
    assert 400 <= refusal(call)["code"] <= 422


def test_two_managers_share_a_list_of_containers(apps: client.AppsV1Api, namespace: str) -> None:
    ours = make_deployment("web", replicas=0)
    theirs = make_deployment("web", pod_spec={"containers": [{"name": "web", "env": [{"name": "A", "value": "1"}]}]})
    del theirs["spec"]["replicas"]
    _apply_deployment(apps, namespace, ours, "us")
    _apply_deployment(apps, namespace, theirs, "them")
    container = _apply_deployment(apps, namespace, ours, "us").spec.template.spec.containers[0]
    assert container.image == "registry.invalid/web:1"
    assert container.env[0].name == "A"
    del theirs["spec"]["template"]["spec"]
    left = _apply_deployment(apps, namespace, theirs, "them").spec.template.spec.containers[0]
    assert not left.env
    assert left.image == "registry.invalid/web:1"


def test_ports_are_told_apart_by_number_and_protocol(apps: client.AppsV1Api, namespace: str) -> None:
    manifest = make_deployment("web", replicas=0)
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    container["ports"] = [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP"}]
    assert len(_ports(apps, namespace, manifest)) == 2
    container["ports"].pop(0)
    assert [port.protocol for port in _ports(apps, namespace, manifest)] == ["UDP"]


def _ports(apps: client.AppsV1Api, namespace: str, manifest: Manifest) -> list[Any]:
    return _apply_deployment(apps, namespace, manifest, "us").spec.template.spec.containers[0].ports


def _apply_deployment(apps: client.AppsV1Api, namespace: str, manifest: Manifest, manager: str) -> Any:
    return apps.patch_namespaced_deployment("web", namespace, manifest, field_manager=manager, _content_type=APPLY)
