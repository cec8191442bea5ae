"""The API groups of one cluster, ready to be called."""

from collections.abc import Iterator

import pytest
from kubernetes import client

from tests.clusters import Cluster, api_client


@pytest.fixture
def api(cluster: Cluster) -> Iterator[client.ApiClient]:
    with api_client(cluster.kubeconfig) as connected:
        yield connected


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(api)


@pytest.fixture
def apps(api: client.ApiClient) -> client.AppsV1Api:
    return client.AppsV1Api(api)


@pytest.fixture
def rbac(api: client.ApiClient) -> client.RbacAuthorizationV1Api:
    return client.RbacAuthorizationV1Api(api)


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    return cluster.namespace
