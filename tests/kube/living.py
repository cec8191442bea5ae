"""The life of an environment in tests: apply it, look at it, wait for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from providers.kube.blocking import run
from providers.kube.environment_objects import EnvironmentSpec
from providers.kube.environments import Observation, apply_environment, observe_environment
from providers.target import ClusterTarget
from tests.clusters import eventually
from tests.kube.things import read, with_client

VOLUMES = "/api/v1/persistentvolumes"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


def applied(target: ClusterTarget, spec: EnvironmentSpec) -> list[str]:
    lines: list[str] = []
    run(apply_environment(target, spec, lines.append))
    return lines


def observed(target: ClusterTarget, spec: EnvironmentSpec) -> Observation:
    return run(observe_environment(target, spec.object_name))


def becomes(target: ClusterTarget, spec: EnvironmentSpec, state: str) -> bool:
    return eventually(lambda: observed(target, spec).state == state)


def problems(target: ClusterTarget, spec: EnvironmentSpec) -> str:
    return " ".join(observed(target, spec).problems)


def claim_of(target: ClusterTarget, spec: EnvironmentSpec) -> dict[str, Any]:
    claim = read(target, "v1", "persistentvolumeclaims", spec.object_name)
    assert claim is not None
    return claim


def make_class(name: str, *, allows_expansion: bool) -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
        "allowVolumeExpansion": allows_expansion,
    }


def make_volume(name: str, storage_class: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "100Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "hostPath": {"path": "/tmp/none"},
        },
    }


@contextmanager
def provided_storage(target: ClusterTarget, *, allows_expansion: bool = True) -> Iterator[str]:
    """A storage class named as the namespace, with two volumes for clusters without a provisioner."""
    name = target.namespace
    volumes = [f"{name}-{number}" for number in (1, 2)]
    with_client(target, lambda client: client.create(CLASSES, make_class(name, allows_expansion=allows_expansion)))
    for volume in volumes:
        with_client(target, lambda client, volume=volume: client.create(VOLUMES, make_volume(volume, name)))
    try:
        yield name
    finally:
        for volume in volumes:
            with_client(target, lambda client, volume=volume: client.delete(f"{VOLUMES}/{volume}"))
        with_client(target, lambda client: client.delete(f"{CLASSES}/{name}"))
