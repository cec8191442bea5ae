"""The three ways of PATCH that are not server-side apply: JSON patch, merge patch, strategic merge patch."""

import copy
from typing import Any

import jsonpatch
import jsonpointer

from coderadmin.embedded.sandbox.errors import ApiError, bad_request
from coderadmin.embedded.sandbox.lists import FieldNames, is_set, strategic_key
from coderadmin.embedded.sandbox.store import Object

_DIRECTIVES = ("$setElementOrder/", "$retainKeys", "$patch")
_DELETE_MEMBERS = "$deleteFromPrimitiveList/"


def json_patch(target: Object, operations: Any) -> Object:
    """RFC 6902; 422 when an operation does not fit the object."""
    if not isinstance(operations, list):
        raise bad_request("a JSON patch is a list of operations")
    try:
        return dict(jsonpatch.apply_patch(target, operations))
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        message = f"the server rejected our request due to an error in our request: {error}"
        raise ApiError(422, "Invalid", message) from error


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def strategic_merge(target: Any, patch: Any, path: FieldNames = ()) -> Any:
    """Merge patch that also merges the lists whose items have a key, and heeds the `$` directives."""
    if isinstance(patch, dict):
        return _merge_objects(target if isinstance(target, dict) else {}, patch, path)
    if isinstance(patch, list) and path:
        return _merge_lists(target if isinstance(target, list) else [], patch, path)
    return copy.deepcopy(patch)


def _merge_objects(target: Object, patch: Object, path: FieldNames) -> Object:
    if patch.get("$patch") == "replace":
        return {name: value for name, value in patch.items() if name != "$patch"}
    if patch.get("$patch") == "delete":
        return {}
    merged = dict(target)
    if "$retainKeys" in patch:
        merged = {name: value for name, value in merged.items() if name in patch["$retainKeys"]}
    for name, value in patch.items():
        if name.startswith(_DELETE_MEMBERS):
            field = name.removeprefix(_DELETE_MEMBERS)
            merged[field] = [member for member in merged.get(field, []) if member not in value]
        elif name.startswith(_DIRECTIVES):
            continue
        elif value is None:
            merged.pop(name, None)
        else:
            merged[name] = strategic_merge(merged.get(name), value, (*path, name))
    return merged


def _merge_lists(target: list[Any], patch: list[Any], path: FieldNames) -> list[Any]:
    if is_set(path):
        return [*target, *(member for member in patch if member not in target)]
    key = strategic_key(path)
    if key is None or any(not isinstance(item, dict) for item in [*target, *patch]):
        return copy.deepcopy(patch)
    if any(item.get("$patch") == "replace" and len(item) == 1 for item in patch):
        return [item for item in patch if "$patch" not in item]
    merged = list(target)
    for item in patch:
        _merge_item(merged, item, key, path)
    return merged


def _merge_item(merged: list[Any], item: Object, key: str, path: FieldNames) -> None:
    place = next((index for index, other in enumerate(merged) if other.get(key) == item.get(key)), None)
    if item.get("$patch") == "delete":
        merged[:] = [other for other in merged if other.get(key) != item.get(key)]
    elif place is None:
        merged.append(strategic_merge({}, item, path))
    else:
        merged[place] = strategic_merge(merged[place], item, path)
