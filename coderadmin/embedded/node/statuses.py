"""What a kubelet writes into a pod's status. Pure functions."""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

from coderadmin.embedded.node.api import Object


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def waiting(reason: str, message: str = "") -> Object:
    return {"waiting": {"reason": reason, "message": message}}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What there is to say about a pod's only container. `since` is when `ready` became what it is."""

    ready: bool
    since: str
    state: Object
    last_state: Object
    restarts: int


def make_status(pod: Object, seen: Seen) -> Object:
    """The status, as a merge patch."""
    phase = "Running" if "running" in seen.state or seen.restarts else "Pending"
    created, address = pod["metadata"]["creationTimestamp"], _address(pod)
    conditions = [
        _condition("Initialized", True, created),
        _condition("Ready", seen.ready, seen.since),
        _condition("ContainersReady", seen.ready, seen.since),
        _condition("PodScheduled", True, created),
    ]
    container = pod["spec"]["containers"][0]
    shown = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": seen.restarts}
    shown |= {"ready": seen.ready, "started": "running" in seen.state, "state": seen.state}
    shown |= {"lastState": seen.last_state}
    where = {"hostIP": "127.0.0.1", "podIP": address, "podIPs": [{"ip": address}], "startTime": created}
    return {"phase": phase, "conditions": conditions, "containerStatuses": [shown]} | where


def is_shown(pod: Object, status: Object) -> bool:
    """Whether the pod's status says the same already."""
    return _essence(pod.get("status", {})) == _essence(status)


def _essence(status: Object) -> list[object]:
    ready = {one["type"]: one["status"] for one in status.get("conditions") or []}.get("Ready")
    containers = status.get("containerStatuses") or []
    states = [(one["restartCount"], {kind: _reason(why) for kind, why in one["state"].items()}) for one in containers]
    return [status.get("phase"), ready, states]


def _reason(why: Object | None) -> str:
    return str((why or {}).get("reason", ""))


def _condition(kind: str, status: bool, since: str) -> Object:
    return {"type": kind, "status": str(status), "lastTransitionTime": since}


def _address(pod: Object) -> str:
    """An address of the node's own range: nobody reaches it, but objects that list pods want one."""
    number = zlib.crc32(pod["metadata"]["uid"].encode())
    return f"10.2.{number // 251 % 251}.{number % 251 + 2}"
