"""Bodies that no client library would send: refused in order, and the cluster goes on working."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from coderadmin.embedded.sandbox.process import SandboxProcess
from tests.clusters import api_client, eventually, fresh_namespace
from tests.contract.manifests import make_deployment

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def api(sandbox: SandboxProcess) -> Iterator[client.ApiClient]:
    with api_client(sandbox.kubeconfig("one")) as connected:
        yield connected


@pytest.fixture
def namespace(sandbox: SandboxProcess) -> Iterator[str]:
    with fresh_namespace(sandbox.kubeconfig("one")) as name:
        yield name


def _post(api: client.ApiClient, path: str, body: bytes) -> int:
    url = f"{api.configuration.host}{path}"
    headers = JSON | {"Authorization": next(iter(api.configuration.api_key.values()))}
    answer = api.rest_client.pool_manager.request("POST", url, body=body, headers=headers)
    return int(answer.status)


def _pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "b"}]} | spec}


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {"metadata": "text"},
        {"metadata": {"name": 5}},
        {"metadata": {"name": "p", "labels": "text"}},
        {"metadata": {"name": "p", "labels": {"a": 5}}},
        {"metadata": {"name": "p"}, "spec": []},
        {"metadata": {"name": "p"}, "spec": {"containers": "text"}},
        {"metadata": {"name": "p"}, "spec": {"containers": ["text"]}},
        _pod(volumes="text"),
        _pod(volumes=[{"name": "v", "secret": "text"}]),
        _pod(nodeSelector="text"),
        _pod(containers=[{"name": "a", "image": "b", "env": "text"}]),
        _pod(containers=[{"name": "a", "image": "b", "env": [{"name": "x", "valueFrom": "text"}]}]),
        _pod(containers=[{"name": "a", "image": 5}]),
        _pod(containers=[{"name": "a", "image": "b", "resources": {"requests": "text"}}]),
    ],
    ids=repr,
)
def test_it_is_refused(api: client.ApiClient, namespace: str, body: Any) -> None:
    assert _post(api, f"/api/v1/namespaces/{namespace}/pods", json.dumps(body).encode()) in (400, 422)


def test_bytes_that_are_no_text_are_refused(api: client.ApiClient, namespace: str) -> None:
    assert _post(api, f"/api/v1/namespaces/{namespace}/pods", b"\xff\x00{") == 400


def test_the_cluster_goes_on(api: client.ApiClient, namespace: str) -> None:
    strange = make_deployment("strange", strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "many"}})
    _post(api, f"/apis/apps/v1/namespaces/{namespace}/deployments", json.dumps(strange).encode())
    apps = client.AppsV1Api(api)
    apps.create_namespaced_deployment(namespace, make_deployment("usual"))
    assert eventually(lambda: apps.read_namespaced_deployment("usual", namespace).status.available_replicas)
