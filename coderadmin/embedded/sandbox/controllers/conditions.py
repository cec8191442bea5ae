"""Conditions in a status: one per type, with the time of the last change of their status."""

from typing import Any

from coderadmin.embedded.sandbox.store import Object, timestamp

Condition = dict[str, Any]


def find(holder: Object, kind: str) -> Condition | None:
    conditions = holder.get("status", {}).get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == kind), None)


def is_true(holder: Object, kind: str) -> bool:
    condition = find(holder, kind)
    return condition is not None and condition["status"] == "True"


def make(holder: Object, kind: str, status: bool, reason: str = "", message: str = "") -> Condition:
    """The new condition of `holder`; times go on where nothing changed."""
    old = find(holder, kind) or {}
    new: Condition = {"type": kind, "status": str(status)}
    new |= {name: text for name, text in (("reason", reason), ("message", message)) if text}
    same_status = old.get("status") == new["status"]
    times = {"lastTransitionTime": old["lastTransitionTime"] if same_status else timestamp()}
    if {**new, **_times(old)} == old:
        return old
    return new | times


def make_dated(holder: Object, kind: str, status: bool, reason: str, message: str) -> Condition:
    """As `make`, with the time of the last change of anything, as Deployments have it."""
    new = make(holder, kind, status, reason, message)
    return new if "lastUpdateTime" in new else new | {"lastUpdateTime": timestamp()}


def _times(condition: Condition) -> Condition:
    return {name: value for name, value in condition.items() if name.endswith("Time")}
