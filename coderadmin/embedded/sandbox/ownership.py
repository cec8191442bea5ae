"""Who owns which fields (`metadata.managedFields`), and server-side apply, which is decided by that."""

import copy
from dataclasses import dataclass
from typing import Any

from coderadmin.embedded.sandbox.errors import ApiError
from coderadmin.embedded.sandbox.fieldsets import (
    Path,
    field_name,
    fields_of,
    from_fields_v1,
    is_key_field,
    put_at,
    remove_at,
    to_fields_v1,
    value_at,
)
from coderadmin.embedded.sandbox.store import Object, timestamp


@dataclass(frozen=True, slots=True)
class Manager:
    """One entry of managedFields: a name, how it wrote (Apply or Update), and through which subresource."""

    name: str
    operation: str
    subresource: str = ""


class Owners:
    """The managers of one object and the fields of each."""

    def __init__(self, stored: Object | None) -> None:
        entries = stored["metadata"].get("managedFields", []) if stored else []
        self.fields = {_manager(entry): from_fields_v1(entry["fieldsV1"]) for entry in entries}
        self._times = {_manager(entry): (entry["fieldsV1"], entry["time"]) for entry in entries}

    def entries(self, api_version: str) -> list[Object]:
        return [self._entry(manager, api_version) for manager, fields in self.fields.items() if fields]

    def owned_by_others(self, manager: Manager) -> set[Path]:
        others = (fields for other, fields in self.fields.items() if other != manager)
        return set().union(*others)

    def _entry(self, manager: Manager, api_version: str) -> Object:
        fields = to_fields_v1(self.fields[manager])
        known, since = self._times.get(manager, (None, ""))
        entry: Object = {"manager": manager.name, "operation": manager.operation, "apiVersion": api_version}
        entry |= {"time": since if known == fields else timestamp(), "fieldsType": "FieldsV1", "fieldsV1": fields}
        return entry | ({"subresource": manager.subresource} if manager.subresource else {})


def _manager(entry: Object) -> Manager:
    return Manager(entry["manager"], entry["operation"], entry.get("subresource", ""))


def record_update(old: Object | None, new: Object, manager: Manager) -> None:
    """Note in `new` that `manager` owns what it changed, and that nobody else does any longer."""
    before, after = fields_of(old) if old else {}, fields_of(new)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    touched = changed | (before.keys() - after.keys())
    owners = Owners(old)
    for other in owners.fields:
        owners.fields[other] -= touched
    owners.fields[manager] = owners.fields.get(manager, set()) | changed
    _write_entries(new, owners)


def apply(live: Object, applied: Object, manager: Manager, *, force: bool) -> Object:
    """`live` with `applied` put over it for `manager`; 409 naming the other owners of fields it would change."""
    owners = Owners(live)
    wanted = fields_of(applied)
    conflicts = _conflicts(owners, live, wanted, manager)
    if conflicts and not force:
        raise _apply_conflict(conflicts)
    merged = copy.deepcopy(live)
    for path, other in conflicts:
        owners.fields[other].discard(path)
    others = owners.owned_by_others(manager)
    _remove(merged, owners.fields.get(manager, set()) - wanted.keys() - others, keep=others | wanted.keys())
    for path, value in wanted.items():
        put_at(merged, path, copy.deepcopy(value))
    owners.fields[manager] = set(wanted)
    _write_entries(merged, owners)
    return merged


def _remove(target: Object, given_up: set[Path], *, keep: set[Path]) -> None:
    """Take away what nobody owns any longer; an item stays, with its key, while somebody owns a part of it."""
    for path in sorted(given_up, key=len):
        is_item = path[-1].startswith("k:")
        if is_item and any(kept[: len(path)] == path for kept in keep):
            continue
        if not is_key_field(path):
            remove_at(target, path)


def _conflicts(owners: Owners, live: Object, wanted: dict[Path, Any], manager: Manager) -> list[tuple[Path, Manager]]:
    changing = {path for path, value in wanted.items() if _differs(live, path, value)}
    return [
        (path, other)
        for other, fields in owners.fields.items()
        if other != manager
        for path in sorted(fields & changing)
    ]


def _differs(live: Object, path: Path, value: Any) -> bool:
    return not path[-1].startswith(("k:", "v:")) and value_at(live, path) != value


def _apply_conflict(conflicts: list[tuple[Path, Manager]]) -> ApiError:
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {_described(other)}", "field": field_name(path)}
        for path, other in conflicts
    ]
    listed = "\n".join(f"- {cause['field']}" for cause in causes)
    count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    message = f"Apply failed with {count}: {causes[0]['message']}:\n{listed}"
    return ApiError(409, "Conflict", message, {"causes": causes})


def _described(manager: Manager) -> str:
    how = f" using {manager.operation}" if manager.operation == "Update" else ""
    return f'"{manager.name}"{how}'


def _write_entries(target: Object, owners: Owners) -> None:
    entries = owners.entries(target["apiVersion"])
    if entries:
        target["metadata"]["managedFields"] = entries
    else:
        target["metadata"].pop("managedFields", None)
