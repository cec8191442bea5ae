"""What the field's name says about its content: which lists are maps by key, which are sets, which maps are atomic.

Taken from the Kubernetes API reference (`x-kubernetes-list-map-keys`, `x-kubernetes-map-type`, patch merge keys)
for the built-in types. A path here is the names of the fields on the way, list items left out.
"""

from typing import Any

FieldNames = tuple[str, ...]

_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "conditions": ("type",),
    "hostAliases": ("ip",),
    "podIPs": ("ip",),
    "ownerReferences": ("uid",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
_DEFAULTS = {"protocol": "TCP"}
_ATOMIC_MAPS = frozenset(
    {"selector", "labelSelector", "nodeSelector", "secretKeyRef", "configMapKeyRef", "fieldRef", "roleRef", "claimRef"}
)


def map_keys(path: FieldNames) -> tuple[str, ...] | None:
    """The fields that tell the items of this list apart, None for an atomic list or a set."""
    if path[-1] != "ports":
        return _KEYS.get(path[-1])
    if path[-2] in ("containers", "initContainers"):
        return ("containerPort", "protocol")
    return ("port", "protocol") if path == ("spec", "ports") else None


def strategic_key(path: FieldNames) -> str | None:
    """The one field by which a strategic merge patch tells items apart."""
    keys = map_keys(path)
    return keys[0] if keys else None


def is_set(path: FieldNames) -> bool:
    return path == ("metadata", "finalizers")


def is_atomic_map(path: FieldNames) -> bool:
    return bool(path) and path[-1] in _ATOMIC_MAPS


def item_key(item: Any, keys: tuple[str, ...]) -> dict[str, Any] | None:
    """The item's identity in its list, None when the item lacks a key that has no default."""
    if not isinstance(item, dict):
        return None
    identity = {key: item.get(key, _DEFAULTS.get(key)) for key in keys}
    return None if None in identity.values() else identity
