"""What every controller works with: the store, the clock, timers, and a way to tell the world (events)."""

import copy
import hashlib
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from coderadmin.embedded.sandbox.faults import Fault
from coderadmin.embedded.sandbox.store import Key, Object, Store, timestamp

NEVER = 3600.0


@dataclass(frozen=True)
class Pace:
    """How long things take, in seconds."""

    start: float = 0.3
    run: float = 0.3
    stop: float = 0.1


@dataclass
class _Timer:
    deadline: float
    touched: bool = True


class Context:
    def __init__(self, store: Store, ca_pem: str, faults: Callable[[], frozenset[Fault]], pace: Pace) -> None:
        self.store = store
        self.ca_pem = ca_pem
        self.pace = pace
        self._faults = faults
        self._timers: dict[Hashable, _Timer] = {}

    def has_fault(self, fault: Fault) -> bool:
        return fault in self._faults()

    def is_due(self, what: Hashable, seconds: float) -> bool:
        """Whether `seconds` have passed since this was first asked; ask at every pass, or the timer is forgotten."""
        timer = self._timers.setdefault(what, _Timer(time.monotonic() + seconds))
        timer.touched = True
        return time.monotonic() >= timer.deadline

    def forget_idle_timers(self) -> None:
        self._timers = {what: timer for what, timer in self._timers.items() if timer.touched}
        for timer in self._timers.values():
            timer.touched = False

    def seconds_until_next(self, looked_at: float) -> float:
        """When the next timer ends, at once for one that ended after the controllers began to look."""
        ends = min((each.deadline for each in self._timers.values() if each.deadline > looked_at), default=None)
        return NEVER if ends is None else max(ends - time.monotonic(), 0.0)

    def set_status(self, key: Key, old: Object, status: Object, annotations: dict[str, str] | None = None) -> None:
        """Store `status` (and annotations to add) when they differ from what is there."""
        metadata = copy.deepcopy(old["metadata"])
        if annotations:
            metadata["annotations"] = metadata.get("annotations", {}) | annotations
        self.store.replace(key, {**old, "metadata": metadata, "status": status})

    def change(self, key: Key, change: Callable[[Object], None]) -> Object:
        """Store a copy of the object that `change` has worked on."""
        new = copy.deepcopy(self.store[key])
        change(new)
        return self.store.replace(key, new)

    def event(self, about: Object, reason: str, message: str, *, source: str, warning: bool = False) -> None:
        """Tell what happened to an object; the same words again only count up."""
        metadata = about["metadata"]
        digest = hashlib.sha256(f"{metadata['uid']} {reason} {message}".encode()).hexdigest()[:16]
        key = Key("", "events", metadata.get("namespace", "default"), f"{metadata['name']}.{digest}")
        if (known := self.store.get(key)) is not None:
            self.store.replace(key, {**known, "metadata": dict(known["metadata"]), "count": known["count"] + 1})
            return
        self.store.create(key, _make_event(about, key, reason, message, source, warning))

    def event_once(self, about: Object, reason: str, message: str, *, source: str, warning: bool = False) -> None:
        """As `event`, for something that goes on: asked at every pass, told every ten seconds."""
        what = ("event", about["metadata"]["uid"], reason, message)
        if what not in self._timers or self.is_due(what, 10.0):
            self._timers.pop(what, None)
            self.event(about, reason, message, source=source, warning=warning)
        self.is_due(what, 10.0)


def _make_event(about: Object, key: Key, reason: str, message: str, source: str, warning: bool) -> Object:
    metadata = about["metadata"]
    involved: dict[str, Any] = {"kind": about["kind"], "apiVersion": about["apiVersion"], "name": metadata["name"]}
    involved |= {"namespace": key.namespace, "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": key.name, "namespace": key.namespace},
        "involvedObject": involved,
        "type": "Warning" if warning else "Normal",
        "reason": reason,
        "message": message,
        "source": {"component": source},
        "reportingComponent": source,
        "reportingInstance": "",
        "count": 1,
        "firstTimestamp": timestamp(),
        "lastTimestamp": timestamp(),
    }
