"""The objects of one cluster, every change to them in order, and their file.

Objects in the store are never changed in place: a writer hands in a new one. Revisions are the cluster's resource
versions; the last HISTORY changes are kept for watches, an older start is refused with 410.
"""

import asyncio
import copy
import json
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from coderadmin.embedded.sandbox.errors import expired
from coderadmin.embedded.sandbox.faults import write_json

Object = dict[str, Any]
GRACE = "deletionGracePeriodSeconds"
SERVER_FIELDS = ("uid", "creationTimestamp", "resourceVersion", "generation", "deletionTimestamp", GRACE)
HISTORY = 5000
FIRST_REVISION = 1000


class Key(NamedTuple):
    """Where an object lives. `namespace` is "" for objects of the cluster."""

    group: str
    plural: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    revision: int
    kind: str  # ADDED, MODIFIED, DELETED
    key: Key
    object: Object
    previous: Object | None


def timestamp() -> str:
    """Now, as metav1.Time writes it: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    def __init__(self) -> None:
        self.revision = FIRST_REVISION
        self.oldest = FIRST_REVISION
        self._objects: dict[tuple[str, str], dict[tuple[str, str], Object]] = {}
        self._history: deque[Change] = deque(maxlen=HISTORY)
        self._changed = asyncio.Event()

    def get(self, key: Key) -> Object | None:
        return self._objects.get(key[:2], {}).get(key[2:])

    def __getitem__(self, key: Key) -> Object:
        return self._objects[key[:2]][key[2:]]

    def items(self, group: str, plural: str, namespace: str = "") -> Iterator[tuple[Key, Object]]:
        """Objects of one type in order of namespace and name; of all namespaces when `namespace` is empty."""
        for place, found in sorted(self._objects.get((group, plural), {}).items()):
            if not namespace or place[0] == namespace:
                yield Key(group, plural, *place), found

    def objects(self, group: str, plural: str, namespace: str = "") -> Iterator[Object]:
        return (found for _, found in self.items(group, plural, namespace))

    def everything(self) -> Iterator[tuple[Key, Object]]:
        for group, plural in list(self._objects):
            yield from self.items(group, plural)

    def create(self, key: Key, new: Object) -> Object:
        """Store a new object, giving it its identity; the caller has made sure that the key is free."""
        metadata = new["metadata"]
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata["creationTimestamp"] = timestamp()
        return self._record("ADDED", key, new, None)

    def replace(self, key: Key, new: Object) -> Object:
        """Store a changed object. Without a difference nothing happens; the last finalizer gone removes it."""
        old = self[key]
        metadata = new["metadata"]
        for field in SERVER_FIELDS:
            metadata.pop(field, None)
            if field in old["metadata"]:
                metadata[field] = old["metadata"][field]
        if new == old:
            return old
        if "generation" in metadata and _specification(new) != _specification(old):
            metadata["generation"] += 1
        stored = self._record("MODIFIED", key, new, old)
        if "deletionTimestamp" in metadata and _held(old) and not _held(new):
            self.remove(key)
        return stored

    def mark_deleted(self, key: Key, *, grace_seconds: int = 0) -> Object:
        """Begin a deletion that somebody else finishes: a finalizer's owner, the kubelet, the namespace controller."""
        old = self[key]
        if "deletionTimestamp" in old["metadata"]:
            return old
        new = copy.deepcopy(old)
        new["metadata"] |= {"deletionTimestamp": timestamp(), GRACE: grace_seconds}
        return self._record("MODIFIED", key, new, old)

    def remove(self, key: Key) -> None:
        old = self._objects[key[:2]].pop(key[2:])
        self.revision += 1
        last = {**old, "metadata": {**old["metadata"], "resourceVersion": str(self.revision)}}
        self._announce(Change(self.revision, "DELETED", key, last, old))

    def changes_after(self, revision: int) -> list[Change]:
        """The changes after `revision`, oldest first; 410 when they are no longer known."""
        if revision < self.oldest:
            raise expired(revision, self.oldest)
        if revision >= self.revision:
            return []
        return [change for change in self._history if change.revision > revision]

    async def wait_beyond(self, revision: int, seconds: float) -> None:
        """Return once the store is past `revision`, or after `seconds`."""
        if self.revision > revision:
            return
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    def save(self, path: Path) -> None:
        objects = [[*key, found] for key, found in self.everything()]
        write_json(path, {"revision": self.revision, "objects": objects}, mode=0o600)

    def load(self, path: Path) -> None:
        """Take over a saved state; its history is gone, so watches start anew."""
        saved = json.loads(path.read_text())
        self.revision = self.oldest = saved["revision"]
        for group, plural, namespace, name, found in saved["objects"]:
            self._objects.setdefault((group, plural), {})[namespace, name] = found

    def _record(self, kind: str, key: Key, new: Object, old: Object | None) -> Object:
        self.revision += 1
        new["metadata"]["resourceVersion"] = str(self.revision)
        self._objects.setdefault((key.group, key.plural), {})[key.namespace, key.name] = new
        self._announce(Change(self.revision, kind, key, new, old))
        return new

    def _announce(self, change: Change) -> None:
        if len(self._history) == HISTORY:
            self.oldest = self._history[0].revision
        self._history.append(change)
        self._changed.set()
        self._changed = asyncio.Event()


def _held(value: Object) -> bool:
    """Whether somebody still has to agree to the deletion: a finalizer, a grace period, a namespace's content."""
    metadata = value["metadata"]
    return bool(metadata.get("finalizers") or metadata.get(GRACE) or value.get("spec", {}).get("finalizers"))


def _specification(value: Object) -> Object:
    return {name: part for name, part in value.items() if name not in ("metadata", "status")}
