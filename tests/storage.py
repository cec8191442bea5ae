"""Storage for environments in tests: clusters without a provisioner bind a home to no volume by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kubernetes import client

from tests.clusters import Cluster, api_client


@pytest.fixture
def storage(cluster: Cluster) -> Iterator[str]:
    """The name of a storage class of `cluster`, with two volumes."""
    with provided_storage(cluster) as name:
        yield name


@contextmanager
def provided_storage(cluster: Cluster, *, allows_expansion: bool = True) -> Iterator[str]:
    """A storage class named as the namespace; it and its volumes are gone afterwards."""
    name = cluster.namespace
    volumes = [f"{name}-{number}" for number in (1, 2)]
    with api_client(cluster.kubeconfig) as api:
        core, classes = client.CoreV1Api(api), client.StorageV1Api(api)
        classes.create_storage_class(_make_class(name, allows_expansion=allows_expansion))
        for volume in volumes:
            core.create_persistent_volume(_make_volume(volume, name))
        try:
            yield name
        finally:
            for volume in volumes:
                core.delete_persistent_volume(volume)
            classes.delete_storage_class(name)


def _make_class(name: str, *, allows_expansion: bool) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
        "allowVolumeExpansion": allows_expansion,
    }


def _make_volume(name: str, storage_class: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "100Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "hostPath": {"path": "/tmp/none"},
        },
    }
