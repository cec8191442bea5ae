"""What a container needs before it can start: the Secrets, ConfigMaps and claims that its pod names."""

from collections.abc import Iterator
from typing import Any

from coderadmin.embedded.sandbox.store import Key, Object, Store

Reference = tuple[str, str]  # plural, name


def missing_volume(store: Store, pod: Object) -> str:
    """Why a volume of the pod cannot be mounted, empty when all can."""
    for volume in pod["spec"].get("volumes") or []:
        for plural, name in _volume_references(volume):
            if not _is_there(store, pod, plural, name):
                kind = _SINGULAR[plural]
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {kind} "{name}" not found'
    return ""


def missing_variable(store: Store, pod: Object) -> str:
    """Why a container's environment cannot be made, empty when it can."""
    for container in pod["spec"]["containers"]:
        for plural, name in _environment_references(container):
            if not _is_there(store, pod, plural, name):
                return f'{_SINGULAR[plural]} "{name}" not found'
    return ""


def _volume_references(volume: Object) -> Iterator[Reference]:
    secret, config_map = volume.get("secret") or {}, volume.get("configMap") or {}
    if secret and not secret.get("optional"):
        yield "secrets", secret["secretName"]
    if config_map and not config_map.get("optional"):
        yield "configmaps", config_map["name"]
    if claim := volume.get("persistentVolumeClaim"):
        yield "persistentvolumeclaims", claim["claimName"]


def _environment_references(container: Object) -> Iterator[Reference]:
    sources: list[dict[str, Any]] = [one.get("valueFrom") or {} for one in container.get("env") or []]
    for source in [*sources, *(container.get("envFrom") or [])]:
        for field, plural in (
            ("secretKeyRef", "secrets"),
            ("secretRef", "secrets"),
            ("configMapKeyRef", "configmaps"),
            ("configMapRef", "configmaps"),
        ):
            reference = source.get(field)
            if reference and not reference.get("optional"):
                yield plural, reference["name"]


def _is_there(store: Store, pod: Object, plural: str, name: str) -> bool:
    return store.get(Key("", plural, pod["metadata"]["namespace"], name)) is not None


_SINGULAR = {"secrets": "secret", "configmaps": "configmap", "persistentvolumeclaims": "persistentvolumeclaim"}
