"""Sets of fields, as `metadata.managedFields` records them, and reading or writing one field by its path.

A path is a tuple of steps: `f:name` into an object, `k:{"name":"web"}` into a list that is a map, `v:"x"` for a member
of a set. The path of a list item itself means "this item is there".
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from coderadmin.embedded.sandbox.lists import FieldNames, is_atomic_map, is_set, item_key, map_keys

Path = tuple[str, ...]
MISSING = object()
_IDENTITY = frozenset(
    {
        "name",
        "namespace",
        "generateName",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "selfLink",
    }
)


def fields_of(value: dict[str, Any]) -> dict[Path, Any]:
    """Every field that a manager can own in this object, with its value, in the object's order."""
    owned = {name: part for name, part in value.items() if name not in ("apiVersion", "kind", "metadata")}
    metadata = {name: part for name, part in value.get("metadata", {}).items() if name not in _IDENTITY}
    return dict(_walk({"metadata": metadata, **owned} if metadata else owned, (), ()))


def _walk(value: Any, path: Path, names: FieldNames) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and (value or not path) and not is_atomic_map(names):
        for name, part in value.items():
            yield from _walk(part, (*path, f"f:{name}"), (*names, name))
    elif isinstance(value, list) and names and is_set(names):
        for member in value:
            yield (*path, f"v:{_compact(member)}"), member
    elif isinstance(value, list) and (steps := _item_steps(value, names)):
        for step, item in zip(steps, value, strict=True):
            yield (*path, step), MISSING
            yield from _walk(item, (*path, step), names)
    else:
        yield path, value


def _item_steps(items: list[Any], names: FieldNames) -> list[str] | None:
    """One step per item of a list that is a map, None when it has to be taken as a whole."""
    keys = map_keys(names) if names else None
    if not keys or not items:
        return None
    identities = [item_key(item, keys) for item in items]
    steps = [f"k:{_compact(identity)}" for identity in identities if identity is not None]
    return steps if len(steps) == len(items) == len(set(steps)) else None


def value_at(value: Any, path: Path) -> Any:
    """The value at `path`, MISSING when there is none."""
    for step in path:
        kind, argument = step[:2], step[2:]
        if kind == "f:" and isinstance(value, dict):
            value = value.get(argument, MISSING)
        elif kind in ("k:", "v:") and isinstance(value, list):
            value = _item(value, kind, argument)
        else:
            return MISSING
    return value


def put_at(target: dict[str, Any], path: Path, value: Any) -> None:
    """Write `value` at `path`, making what is missing on the way. MISSING only makes sure that an item is there."""
    node: Any = target
    for step, following in zip(path, [*path[1:], ""], strict=True):
        kind, argument = step[:2], step[2:]
        if kind == "f:":
            if not following:
                node[argument] = value
                return
            wanted: type = list if following[:2] in ("k:", "v:") else dict
            if not isinstance(node.get(argument), wanted):
                node[argument] = wanted()
            node = node[argument]
        else:
            found = _item(node, kind, argument)
            if found is MISSING:
                found = json.loads(argument)
                node.append(found)
            node = found


def remove_at(target: dict[str, Any], path: Path) -> None:
    """Take the field or item away, and the objects and lists on the way that this leaves empty."""
    parent = value_at(target, path[:-1])
    kind, argument = path[-1][:2], path[-1][2:]
    if kind == "f:" and isinstance(parent, dict):
        parent.pop(argument, None)
    elif isinstance(parent, list) and (found := _item(parent, kind, argument)) is not MISSING:
        parent.remove(found)
    if len(path) > 1 and parent in ({}, []) and not path[-2].startswith("k:"):
        remove_at(target, path[:-1])


def is_key_field(path: Path) -> bool:
    """Whether this field tells its list item apart, as `name` does for a container."""
    if len(path) < 2 or not path[-2].startswith("k:"):
        return False
    return path[-1].removeprefix("f:") in json.loads(path[-2][2:])


def _item(items: list[Any], kind: str, argument: str) -> Any:
    wanted = json.loads(argument)
    for item in items:
        if (item_key(item, tuple(wanted)) if kind == "k:" else item) == wanted:
            return item
    return MISSING


def to_fields_v1(paths: Iterable[Path]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node["."] = {}
    return _without_lone_dots(tree)


def _without_lone_dots(tree: dict[str, Any]) -> dict[str, Any]:
    if list(tree) == ["."]:
        return {}
    return {step: {} if step == "." else _without_lone_dots(node) for step, node in tree.items()}


def from_fields_v1(tree: dict[str, Any]) -> set[Path]:
    return set(_paths(tree, ()))


def _paths(tree: dict[str, Any], path: Path) -> Iterator[Path]:
    if not tree and path:
        yield path
    for step, node in tree.items():
        if step == ".":
            yield path
        else:
            yield from _paths(node, (*path, step))


def field_name(path: Path) -> str:
    """As conflicts name it: `.spec.template.spec.containers[name="web"].image`."""
    return "".join(_step_name(step) for step in path)


def _step_name(step: str) -> str:
    kind, argument = step[:2], step[2:]
    if kind == "f:":
        return f".{argument}"
    if kind == "v:":
        return f"[={argument}]"
    return "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(argument).items()) + "]"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
