"""Lists: selectors, pages, and what a namespace holds from the start."""

import pytest
from kubernetes import client

from tests.clusters import Cluster
from tests.contract.manifests import make_config_map, refusal


@pytest.fixture
def labelled(core: client.CoreV1Api, namespace: str) -> None:
    for name, labels in {"a": {"tier": "web"}, "b": {"tier": "data", "old": "yes"}, "c": {}}.items():
        core.create_namespaced_config_map(namespace, make_config_map(name, labels=labels))


@pytest.mark.usefixtures("labelled")
@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("tier=web", {"a"}),
        ("tier==data,old=yes", {"b"}),
        ("tier!=web", {"b", "c"}),
        ("tier", {"a", "b"}),
        ("!tier", {"c"}),
        ("tier in (web, data)", {"a", "b"}),
        ("tier notin (web),tier", {"b"}),
    ],
)
def test_labels_select(core: client.CoreV1Api, namespace: str, selector: str, names: set[str]) -> None:
    found = core.list_namespaced_config_map(namespace, label_selector=selector).items
    assert {one.metadata.name for one in found} - {"kube-root-ca.crt"} == names


def test_an_unreadable_selector_is_a_bad_request(core: client.CoreV1Api, namespace: str) -> None:
    assert refusal(lambda: core.list_namespaced_config_map(namespace, label_selector="a=b=c"))["code"] == 400


@pytest.mark.usefixtures("labelled")
def test_fields_select(core: client.CoreV1Api, namespace: str) -> None:
    found = core.list_namespaced_config_map(namespace, field_selector="metadata.name=b").items
    assert [one.metadata.name for one in found] == ["b"]


@pytest.mark.usefixtures("labelled")
def test_a_long_list_comes_in_pages(core: client.CoreV1Api, namespace: str) -> None:
    names, token = [], None
    for _ in range(10):
        page = core.list_namespaced_config_map(namespace, limit=2, _continue=token)
        assert len(page.items) <= 2
        names += [one.metadata.name for one in page.items]
        token = page.metadata._continue
        if not token:
            break
    assert sorted(set(names) - {"kube-root-ca.crt"}) == ["a", "b", "c"]
    assert len(names) == len(set(names))


def test_a_namespace_has_a_service_account_and_the_clusters_ca(core: client.CoreV1Api, cluster: Cluster) -> None:
    assert core.read_namespaced_service_account("default", cluster.namespace)
    assert "BEGIN CERTIFICATE" in core.read_namespaced_config_map("kube-root-ca.crt", cluster.namespace).data["ca.crt"]


def test_there_is_a_node(core: client.CoreV1Api) -> None:
    ready = [condition.status for condition in core.list_node().items[0].status.conditions if condition.type == "Ready"]
    assert ready == ["True"]


def test_only_known_fields_select(core: client.CoreV1Api, namespace: str) -> None:
    status = refusal(lambda: core.list_namespaced_config_map(namespace, field_selector="data.a=1"))
    assert (status["code"], status["reason"]) == (400, "BadRequest")
    assert "not a known field selector" in status["message"]


def test_items_do_not_repeat_their_type(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("one"))
    assert {one.kind for one in core.list_namespaced_config_map(namespace).items} == {None}
