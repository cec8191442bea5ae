"""Objects that several contract tests write, and reading the Status of a refusal."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client

Manifest = dict[str, Any]


def make_config_map(name: str, data: dict[str, str] | None = None, **metadata: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {}}


def make_deployment(name: str, image: str = "registry.invalid/web:1", **spec: Any) -> Manifest:
    """A Deployment of one replica and one container `web`."""
    pod_spec = {"containers": [{"name": "web", "image": image}]} | spec.pop("pod_spec", {})
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec}
    content = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": content}


def refusal(call: Callable[[], object]) -> Manifest:
    """The Status object with which the cluster refuses `call`."""
    with pytest.raises(client.ApiException) as refused:
        call()
    status: Manifest = json.loads(refused.value.body)
    assert status["kind"] == "Status"
    assert status["code"] == refused.value.status
    return status
