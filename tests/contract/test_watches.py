"""Watches: what happened since a version, seen through a selector, and the end of too old versions."""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, watch

from tests.contract.manifests import make_config_map

SECONDS = 20


def _events(core: client.CoreV1Api, namespace: str, since: str, count: int, **query: Any) -> list[tuple[str, str]]:
    """The first `count` events after version `since`, as (type, name)."""
    stream = watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version=since, timeout_seconds=SECONDS, **query
    )
    found = []
    for event in stream:
        found.append((event["type"], event["object"].metadata.name))
        if len(found) == count:
            break
    return found


@pytest.fixture
def since(core: client.CoreV1Api, namespace: str) -> Iterator[str]:
    """The version of now, with the namespace's own ConfigMap already there."""
    core.create_namespaced_config_map(namespace, make_config_map("first"))
    yield core.list_namespaced_config_map(namespace).metadata.resource_version


def test_changes_come_in_order(core: client.CoreV1Api, namespace: str, since: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("w", {"a": "1"}))
    core.patch_namespaced_config_map("w", namespace, {"data": {"a": "2"}})
    core.delete_namespaced_config_map("w", namespace)
    events = _events(core, namespace, since, 3, field_selector="metadata.name=w")
    assert events == [("ADDED", "w"), ("MODIFIED", "w"), ("DELETED", "w")]


def test_other_namespaces_are_not_seen(core: client.CoreV1Api, namespace: str, since: str) -> None:
    core.create_namespaced_config_map("default", make_config_map(namespace))
    core.delete_namespaced_config_map(namespace, "default")
    core.create_namespaced_config_map(namespace, make_config_map("mine"))
    assert _events(core, namespace, since, 1, field_selector="metadata.name!=kube-root-ca.crt") == [("ADDED", "mine")]


def test_an_object_comes_and_goes_by_its_labels(core: client.CoreV1Api, namespace: str, since: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("w"))
    for labels in ({"on": "yes"}, {"on": None}):
        core.patch_namespaced_config_map("w", namespace, {"metadata": {"labels": labels}})
    assert _events(core, namespace, since, 2, label_selector="on=yes") == [("ADDED", "w"), ("DELETED", "w")]


def test_a_change_arrives_while_watching(core: client.CoreV1Api, namespace: str, since: str) -> None:
    core.create_namespaced_config_map(namespace, make_config_map("one"))
    stream = watch.Watch().stream(
        core.list_namespaced_config_map,
        namespace,
        resource_version=since,
        timeout_seconds=SECONDS,
        field_selector="metadata.name!=kube-root-ca.crt",
    )
    assert next(stream)["object"].metadata.name == "one"
    core.create_namespaced_config_map(namespace, make_config_map("two"))
    assert next(stream)["object"].metadata.name == "two"
    stream.close()


def test_a_watch_ends_when_its_time_is_over(core: client.CoreV1Api, namespace: str) -> None:
    now = core.list_namespaced_secret(namespace).metadata.resource_version
    stream = watch.Watch().stream(
        core.list_namespaced_secret, namespace, resource_version=now, timeout_seconds=1, field_selector="type=none"
    )
    assert list(stream) == []


def test_a_version_of_long_ago_has_expired(core: client.CoreV1Api, namespace: str) -> None:
    with pytest.raises(client.ApiException) as refused:
        list(watch.Watch().stream(core.list_namespaced_config_map, namespace, resource_version="1", timeout_seconds=5))
    assert refused.value.status == 410
