"""GET: one object, a list in pages, and the shape that the client asked for."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from coderadmin.embedded.sandbox.call import Call
from coderadmin.embedded.sandbox.errors import bad_request, not_found
from coderadmin.embedded.sandbox.scale import as_scale
from coderadmin.embedded.sandbox.selectors import Matcher, field_matcher, known_fields, label_matcher
from coderadmin.embedded.sandbox.store import Object, Store
from coderadmin.embedded.sandbox.tables import as_table

View = Callable[[Object], Object]


def get(store: Store, call: Call) -> Object:
    found = store.get(call.key)
    if found is None:
        raise not_found(call.resource, call.name)
    if call.subresource == "scale":
        return as_scale(found)
    if "as=Table" in call.accept:
        return as_table(call.resource, [found])
    return view_for(call)(found)


def list_objects(store: Store, call: Call) -> Object:
    """A list, from `continue` on and at most `limit` items long."""
    matches = matcher(call)
    found = [one for _, one in store.items(call.resource.group, call.resource.plural, call.namespace) if matches(one)]
    metadata: dict[str, Any] = {"resourceVersion": str(store.revision)}
    if token := call.query.get("continue"):
        after = _read_continue(store, token)
        found = [one for one in found if _place(one) > after]
    limit = _number(call.query.get("limit"))
    if limit and len(found) > limit:
        metadata["remainingItemCount"] = len(found) - limit
        found = found[:limit]
        metadata["continue"] = _continue(store.revision, found[-1])
    if "as=Table" in call.accept:
        return as_table(call.resource, found, metadata)
    kind, api_version = f"{call.resource.kind}List", call.resource.api_version
    if "as=PartialObjectMetadataList" in call.accept:
        kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
    return {"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": _items(call, found)}


def _items(call: Call, found: list[Object]) -> list[Object]:
    """Lists of built-in types do not repeat kind and apiVersion in each item."""
    view = view_for(call)
    if call.resource.custom or "as=PartialObjectMetadata" in call.accept:
        return [view(one) for one in found]
    return [{name: part for name, part in one.items() if name not in ("kind", "apiVersion")} for one in found]


def matcher(call: Call) -> Matcher:
    """The test of one object that the call's name, namespace and selectors make together."""
    by_label = label_matcher(call.query.get("labelSelector", ""))
    by_field = field_matcher(call.query.get("fieldSelector", ""), known_fields(call.resource))
    name = call.name

    def matches(one: Object) -> bool:
        return (not name or one["metadata"]["name"] == name) and by_label(one) and by_field(one)

    return matches


def view_for(call: Call) -> View:
    """How objects are shown to this client: whole (in the asked version) or only their metadata."""
    api_version = call.resource.api_version
    if "as=PartialObjectMetadata" in call.accept:
        return lambda one: {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": one["metadata"],
        }
    return lambda one: one if one["apiVersion"] == api_version else {**one, "apiVersion": api_version}


def _place(one: Object) -> list[str]:
    return [one["metadata"].get("namespace", ""), one["metadata"]["name"]]


def _continue(revision: int, last: Object) -> str:
    return base64.urlsafe_b64encode(json.dumps([revision, _place(last)]).encode()).decode()


def _read_continue(store: Store, token: str) -> list[str]:
    try:
        revision, place = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error) as error:
        raise bad_request("continue key is not valid") from error
    store.changes_after(revision)
    return list(place)


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError as error:
        raise bad_request(f"limit is not a number: {text}") from error
