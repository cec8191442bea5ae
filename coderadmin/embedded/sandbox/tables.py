"""Tables for `kubectl get`: the columns that people expect of the types they look at, name and age for the rest."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from coderadmin.embedded.sandbox.resources import ResourceType
from coderadmin.embedded.sandbox.store import Object

Cell = Callable[[Object], Any]
Column = tuple[str, Cell]


def as_table(resource: ResourceType, items: list[Object], metadata: dict[str, Any] | None = None) -> Object:
    columns = [("Name", _name), *_COLUMNS.get(resource.kind, []), ("Age", _age)]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata or {"resourceVersion": items[0]["metadata"]["resourceVersion"]},
        "columnDefinitions": [_definition(title) for title, _ in columns],
        "rows": [{"cells": [cell(one) for _, cell in columns], "object": _partial(one)} for one in items],
    }


def _definition(title: str) -> Object:
    text_format = "name" if title == "Name" else ""
    return {"name": title, "type": "string", "format": text_format, "description": "", "priority": 0}


def _partial(one: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": one["metadata"]}


def _name(one: Object) -> str:
    return str(one["metadata"]["name"])


def _age(one: Object) -> str:
    return age(one["metadata"].get("creationTimestamp"))


def age(since: str | None) -> str:
    """How long ago, as kubectl shortens it: 5s, 3m, 2h, 9d."""
    if not since:
        return "<unknown>"
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds())
    for size, unit, until in ((1, "s", 120), (60, "m", 7200), (3600, "h", 172800)):
        if seconds < until:
            return f"{max(seconds, 0) // size}{unit}"
    return f"{seconds // 86400}d"


def _spec(one: Object, name: str, default: Any = "") -> Any:
    return one.get("spec", {}).get(name, default)


def _status(one: Object, name: str, default: Any = "") -> Any:
    return one.get("status", {}).get(name, default)


def _pod_ready(pod: Object) -> str:
    ready = sum(1 for container in _status(pod, "containerStatuses", []) if container["ready"])
    return f"{ready}/{len(_spec(pod, 'containers', []))}"


def _pod_status(pod: Object) -> str:
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    for container in _status(pod, "containerStatuses", []):
        if reason := container["state"].get("waiting", {}).get("reason"):
            return str(reason)
    return "Completed" if _status(pod, "phase") == "Succeeded" else str(_status(pod, "phase"))


def _restarts(pod: Object) -> str:
    return str(sum(container["restartCount"] for container in _status(pod, "containerStatuses", [])))


def _ready_of_wanted(workload: Object) -> str:
    return f"{_status(workload, 'readyReplicas', 0)}/{_spec(workload, 'replicas', 1)}"


def _service_ports(service: Object) -> str:
    ports = [f"{port['port']}/{port.get('protocol', 'TCP')}" for port in _spec(service, "ports", [])]
    return ",".join(ports) or "<none>"


def _node_status(node: Object) -> str:
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in _status(node, "conditions", []))
    return "Ready" if ready else "NotReady"


def _involved(event: Object) -> str:
    about = event.get("involvedObject", {})
    return f"{about.get('kind', '').lower()}/{about.get('name', '')}"


_REPLICAS: list[Column] = [
    ("Ready", _ready_of_wanted),
    ("Up-to-date", lambda one: str(_status(one, "updatedReplicas", 0))),
    ("Available", lambda one: str(_status(one, "availableReplicas", 0))),
]
_COLUMNS: dict[str, list[Column]] = {
    "Pod": [("Ready", _pod_ready), ("Status", _pod_status), ("Restarts", _restarts)],
    "Deployment": _REPLICAS,
    "StatefulSet": _REPLICAS[:1],
    "ReplicaSet": [
        ("Desired", lambda one: str(_spec(one, "replicas", 0))),
        ("Current", lambda one: str(_status(one, "replicas", 0))),
        ("Ready", lambda one: str(_status(one, "readyReplicas", 0))),
    ],
    "Namespace": [("Status", lambda one: _status(one, "phase"))],
    "Node": [
        ("Status", _node_status),
        ("Version", lambda one: _status(one, "nodeInfo", {}).get("kubeletVersion", "")),
    ],
    "Service": [
        ("Type", lambda one: _spec(one, "type")),
        ("Cluster-IP", lambda one: _spec(one, "clusterIP", "<none>")),
        ("Port(s)", _service_ports),
    ],
    "Secret": [("Type", lambda one: one.get("type", "")), ("Data", lambda one: str(len(one.get("data") or {})))],
    "ConfigMap": [("Data", lambda one: str(len(one.get("data") or {})))],
    "PersistentVolumeClaim": [
        ("Status", lambda one: _status(one, "phase")),
        ("Volume", lambda one: _spec(one, "volumeName")),
        ("StorageClass", lambda one: _spec(one, "storageClassName")),
    ],
    "Job": [("Completions", lambda one: f"{_status(one, 'succeeded', 0)}/{_spec(one, 'completions', 1)}")],
    "Event": [
        ("Type", lambda one: one.get("type", "")),
        ("Reason", lambda one: one.get("reason", "")),
        ("Object", _involved),
        ("Message", lambda one: one.get("message", "")),
    ],
}
