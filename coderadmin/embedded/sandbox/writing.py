"""Create, update, patch and apply: from a request's body to the object that is stored."""

import copy
import secrets
import uuid
from typing import Any

from coderadmin.embedded.sandbox import call as calls
from coderadmin.embedded.sandbox.admission import admit_new, admit_permissions
from coderadmin.embedded.sandbox.call import Call, as_object
from coderadmin.embedded.sandbox.claims import admit_claim_change
from coderadmin.embedded.sandbox.defaults import fill_defaults, first_status
from coderadmin.embedded.sandbox.errors import (
    ApiError,
    already_exists,
    bad_request,
    conflict,
    not_found,
    unsupported_media_type,
)
from coderadmin.embedded.sandbox.ownership import apply, record_update
from coderadmin.embedded.sandbox.patches import json_patch, merge_patch, strategic_merge
from coderadmin.embedded.sandbox.scale import as_scale, with_scale
from coderadmin.embedded.sandbox.shapes import check_shape, without_nulls
from coderadmin.embedded.sandbox.store import Object, Store, timestamp
from coderadmin.embedded.sandbox.validation import check_identity, validate_change, validate_new

_NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def generated_name(beginning: str) -> str:
    """With five of the letters that Kubernetes uses, and at most 63 in all: a longer beginning loses its end."""
    return beginning[: 63 - 5] + "".join(secrets.choice(_NAME_LETTERS) for _ in range(5))


def create(store: Store, call: Call) -> Object:
    """POST of a new object."""
    new = copy.deepcopy(as_object(call.body))
    check_identity(call.resource, new, name="", namespace=call.namespace)
    new = _in_shape(call, new)
    metadata = new["metadata"]
    if metadata.get("resourceVersion"):
        raise ApiError(500, "InternalError", "resourceVersion should not be set on objects to be created")
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated_name(metadata["generateName"])
    return _store_new(store, call.with_name(metadata.get("name", "")), new)


def update(store: Store, call: Call) -> Object:
    """PUT of an object or of one of its subresources."""
    old = _existing(store, call)
    body = as_object(call.body)
    if call.subresource == "scale":
        return as_scale(_store_change(store, call, old, with_scale(old, body)))
    new = copy.deepcopy(body)
    check_identity(call.resource, new, name=call.name, namespace=call.namespace)
    new["metadata"].setdefault("managedFields", old["metadata"].get("managedFields", []))
    return _store_change(store, call, old, new)


def patch(store: Store, call: Call) -> tuple[Object, bool]:
    """PATCH of any kind; the object, and whether this created it."""
    old = store.get(call.key)
    if call.is_apply:
        return _apply(store, call, old)
    if old is None:
        raise not_found(call.resource, call.name)
    if call.subresource == "scale":
        scale = _patched(call, as_scale(old))
        return as_scale(_store_change(store, call, old, with_scale(old, scale))), False
    new = _patched(call, old)
    check_identity(call.resource, new, name=call.name, namespace=call.namespace)
    return _store_change(store, call, old, new), False


def _apply(store: Store, call: Call, old: Object | None) -> tuple[Object, bool]:
    body = copy.deepcopy(as_object(call.body))
    if not call.query.get("fieldManager"):
        raise bad_request(
            "PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply patch"
        )
    if not body.get("apiVersion") or not body.get("kind"):
        raise bad_request("invalid object: apiVersion and kind have to be set")
    check_identity(call.resource, body, name=call.name, namespace=call.namespace)
    if body["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    applied = body if call.subresource == "status" else _without_own_status(call, body)
    start = old or _skeleton(call)
    new = apply(start, applied, call.manager, force=call.flag("force"))
    if old is None:
        return _store_new(store, call, new), True
    _check_version(call, old, body)
    return _store_change(store, call, old, new), False


def _store_new(store: Store, call: Call, new: Object) -> Object:
    metadata = new["metadata"]
    new |= {"apiVersion": call.resource.api_version, "kind": call.resource.kind}
    for field in ("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "selfLink"):
        metadata.pop(field, None)
    if call.resource.namespaced:
        metadata["namespace"] = call.namespace
    else:
        metadata.pop("namespace", None)
    if call.resource.counts_generations:
        metadata["generation"] = 1
    if "status" in call.resource.subresources:
        new.pop("status", None)
    metadata["uid"] = str(uuid.uuid4())
    new = _in_shape(call, new)
    metadata = new["metadata"]
    fill_defaults(new)
    validate_new(call.resource, new)
    admit_new(store, call.resource, new, call.user)
    if store.get(call.key) is not None:
        raise already_exists(call.resource, call.name)
    if not call.is_apply:
        record_update(None, new, call.manager)
    if (status := first_status(new)) is not None:
        new["status"] = status
    if call.is_dry_run:
        metadata["creationTimestamp"] = timestamp()
        return new
    return store.create(call.key, new)


def _store_change(store: Store, call: Call, old: Object, new: Object) -> Object:
    _check_version(call, old, new)
    new = _only_what_may_change(call, old, new)
    new |= {"apiVersion": old["apiVersion"], "kind": old["kind"]}
    new["metadata"]["name"] = call.name
    if call.resource.namespaced:
        new["metadata"]["namespace"] = call.namespace
    new = _in_shape(call, new)
    fill_defaults(new)
    validate_change(call.resource, old, new)
    admit_claim_change(store, call.resource, old, new)
    admit_permissions(store, call.resource, new, call.user)
    if not call.is_apply:
        record_update(old, new, call.manager)
    return new if call.is_dry_run else store.replace(call.key, new)


def _in_shape(call: Call, new: Object) -> Object:
    """The object without nulls; 400 when a field has the wrong form. Custom resources may look as they like."""
    if call.resource.custom:
        check_shape("", new)  # the metadata of every object has one form
        return new
    clean: Object = without_nulls(new)
    check_shape(call.resource.kind, clean)
    return clean


def _only_what_may_change(call: Call, old: Object, new: Object) -> Object:
    """The status is written through its own subresource, and only there, for types that have it."""
    if call.subresource == "status":
        return {**copy.deepcopy(old), "status": new.get("status", {})} | _managed(new, old)
    if call.subresource == "finalize":
        spec = {"finalizers": new.get("spec", {}).get("finalizers", [])}
        return {**copy.deepcopy(old), "spec": spec}
    if "status" in call.resource.subresources:
        new.pop("status", None)
        if "status" in old:
            new["status"] = copy.deepcopy(old["status"])
    if call.resource.plural == "namespaces":
        new["spec"] = copy.deepcopy(old["spec"])
    return new


def _managed(new: Object, old: Object) -> Object:
    metadata = copy.deepcopy(old["metadata"])
    metadata["managedFields"] = new["metadata"].get("managedFields", [])
    return {"metadata": metadata}


def _patched(call: Call, old: Object) -> Object:
    patch_body: Any = call.body
    if call.content_type == calls.JSON_PATCH:
        return json_patch(old, patch_body)
    as_object(patch_body)
    if call.content_type == calls.MERGE_PATCH:
        return dict(copy.deepcopy(merge_patch(old, patch_body)))
    if call.content_type == calls.STRATEGIC_PATCH and not call.resource.custom:
        return dict(copy.deepcopy(strategic_merge(old, patch_body)))
    raise unsupported_media_type(call.content_type)


def _check_version(call: Call, old: Object, new: Object) -> None:
    wanted = new["metadata"].get("resourceVersion")
    if wanted and wanted != old["metadata"]["resourceVersion"]:
        raise conflict(call.resource, call.name)
    wanted = new["metadata"].get("uid")
    if wanted and wanted != old["metadata"]["uid"]:
        raise conflict(call.resource, call.name, f"Precondition failed: UID in precondition: {wanted}")


def _existing(store: Store, call: Call) -> Object:
    old = store.get(call.key)
    if old is None:
        raise not_found(call.resource, call.name)
    return old


def _skeleton(call: Call) -> Object:
    metadata = {"name": call.name} | ({"namespace": call.namespace} if call.resource.namespaced else {})
    return {"apiVersion": call.resource.api_version, "kind": call.resource.kind, "metadata": metadata}


def _without_own_status(call: Call, body: Object) -> Object:
    if "status" in call.resource.subresources:
        body.pop("status", None)
    return body
