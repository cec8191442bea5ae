"""The form that objects must have before anything else looks at them: which fields are texts, numbers, lists, objects.

Only the fields that the sandbox itself reads are described; all others pass as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from coderadmin.embedded.sandbox.errors import bad_request

Shape = Any  # a type, [shape of the items], {field: shape}, Map(shape of the values), or a tuple of types


@dataclass(frozen=True, slots=True)
class Map:
    values: Shape


_TEXTS = Map(str)
_QUANTITIES = Map((str, int, float))
_METADATA = {
    "name": str,
    "generateName": str,
    "namespace": str,
    "resourceVersion": str,
    "uid": str,
    "labels": _TEXTS,
    "annotations": _TEXTS,
    "finalizers": [str],
    "ownerReferences": [{"apiVersion": str, "kind": str, "name": str, "uid": str, "controller": bool}],
}
_REFERENCE = {"name": str, "key": str, "optional": bool}
_VARIABLE = {
    "name": str,
    "value": str,
    "valueFrom": {"secretKeyRef": _REFERENCE, "configMapKeyRef": _REFERENCE, "fieldRef": {"fieldPath": str}},
}
_PROBE = {"httpGet": {"path": str}}
_CONTAINER = {
    "name": str,
    "image": str,
    "env": [_VARIABLE],
    "envFrom": [{"secretRef": _REFERENCE, "configMapRef": _REFERENCE}],
    "ports": [{"name": str, "containerPort": int, "protocol": str}],
    "resources": {"requests": _QUANTITIES, "limits": _QUANTITIES},
    "livenessProbe": _PROBE,
    "readinessProbe": _PROBE,
    "startupProbe": _PROBE,
}
_VOLUME = {
    "name": str,
    "secret": {"secretName": str, "optional": bool},
    "configMap": {"name": str, "optional": bool},
    "persistentVolumeClaim": {"claimName": str},
}
_POD_SPEC = {
    "containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "volumes": [_VOLUME],
    "nodeSelector": _TEXTS,
    "nodeName": str,
    "serviceAccountName": str,
    "restartPolicy": str,
    "terminationGracePeriodSeconds": int,
}
_SELECTOR = {"matchLabels": _TEXTS, "matchExpressions": [{"key": str, "operator": str, "values": [str]}]}
_WORKLOAD = {
    "replicas": int,
    "parallelism": int,
    "completions": int,
    "paused": bool,
    "revisionHistoryLimit": int,
    "progressDeadlineSeconds": int,
    "selector": _SELECTOR,
    "template": {"metadata": _METADATA, "spec": _POD_SPEC},
    "strategy": {"type": str, "rollingUpdate": {"maxSurge": (int, str), "maxUnavailable": (int, str)}},
}
_ROLE = {
    "rules": [
        {"verbs": [str], "apiGroups": [str], "resources": [str], "resourceNames": [str], "nonResourceURLs": [str]}
    ]
}
_BINDING = {
    "roleRef": {"kind": str, "name": str, "apiGroup": str},
    "subjects": [{"kind": str, "name": str, "namespace": str}],
}
_NAMES = {"plural": str, "kind": str, "singular": str, "shortNames": [str], "categories": [str]}
_DEFINITION = {"group": str, "scope": str, "names": _NAMES, "versions": [{"name": str, "subresources": dict}]}
_KINDS: dict[str, Shape] = {
    "Pod": {"spec": _POD_SPEC},
    **{kind: {"spec": _WORKLOAD} for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")},
    "Role": _ROLE,
    "ClusterRole": _ROLE,
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "Service": {"spec": {"type": str, "clusterIP": str, "selector": _TEXTS, "ports": [{"port": int, "name": str}]}},
    "Secret": {"type": str, "data": _TEXTS, "stringData": _TEXTS, "immutable": bool},
    "ConfigMap": {"data": _TEXTS, "binaryData": _TEXTS, "immutable": bool},
    "ResourceQuota": {"spec": {"hard": _QUANTITIES}},
    "PersistentVolumeClaim": {
        "spec": {"accessModes": [str], "storageClassName": str, "resources": {"requests": _QUANTITIES}}
    },
    "Ingress": {"spec": {"rules": [{"host": str, "http": {"paths": [dict]}}]}},
    "NetworkPolicy": {"spec": dict},
    "CustomResourceDefinition": {"spec": _DEFINITION},
}
_WORDS = {str: "a text", int: "a number", float: "a number", bool: "true or false", dict: "an object"}


def check_shape(kind: str, value: dict[str, Any]) -> None:
    """400 naming the first field that has another form than its type."""
    shape = {"metadata": _METADATA, **_KINDS.get(kind, {})}
    if wrong := _mismatch(value, shape, ""):
        version = value.get("apiVersion", "").rpartition("/")[2]
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: {wrong}')


def without_nulls(value: Any) -> Any:
    """The value without fields that are null: they count as not given."""
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _mismatch(value: Any, shape: Shape, path: str) -> str:
    """What is wrong with `value`, empty when nothing is."""
    if isinstance(shape, list):
        return _list_mismatch(value, shape[0], path)
    if isinstance(shape, Map):
        if not isinstance(value, dict):
            return _not(path, dict)
        return _first((part, shape.values, f"{path}.{name}") for name, part in value.items())
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return _not(path, dict)
        return _first((value[name], part, f"{path}.{name}") for name, part in shape.items() if name in value)
    kinds = shape if isinstance(shape, tuple) else (shape,)
    is_wrong = not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
    return _not(path, kinds[0]) if is_wrong else ""


def _list_mismatch(value: Any, shape: Shape, path: str) -> str:
    if not isinstance(value, list):
        return f"{path.lstrip('.')} is not a list"
    return _first((item, shape, f"{path}[{place}]") for place, item in enumerate(value))


def _first(parts: Iterable[tuple[Any, Shape, str]]) -> str:
    return next((wrong for part, shape, path in parts if (wrong := _mismatch(part, shape, path))), "")


def _not(path: str, kind: type) -> str:
    return f"{path.lstrip('.') or 'the object'} is not {_WORDS[kind]}"
