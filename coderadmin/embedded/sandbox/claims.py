"""Volume claims: what of them may change after creation, and when they may grow."""

import copy

from coderadmin.embedded.sandbox.errors import forbidden, invalid
from coderadmin.embedded.sandbox.quantities import as_number
from coderadmin.embedded.sandbox.resources import ResourceType
from coderadmin.embedded.sandbox.store import Key, Object, Store

_FROZEN = "Forbidden: spec is immutable after creation except resources.requests for bound claims"
_SMALLER = "Forbidden: field can not be less than previous value"
_CANNOT_GROW = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


def admit_claim_change(store: Store, resource: ResourceType, old: Object, new: Object) -> None:
    """Raise 422 for a change that no claim takes, 403 for growth that the storage class does not allow."""
    if resource.plural != "persistentvolumeclaims":
        return
    name, is_bound = old["metadata"]["name"], old["status"].get("phase") == "Bound"
    if _without_what_may_change(new, old, is_bound) != old["spec"]:
        raise invalid(resource, name, [("FieldValueForbidden", "spec", _FROZEN)])
    before, after = requested(old), requested(new)
    if after < before:
        raise invalid(resource, name, [("FieldValueForbidden", "spec.resources.requests.storage", _SMALLER)])
    if after > before and not _may_grow(store, old):
        raise forbidden(resource, name, _CANNOT_GROW)


def requested(claim: Object) -> float:
    return as_number(claim["spec"]["resources"]["requests"]["storage"])


def _without_what_may_change(new: Object, old: Object, is_bound: bool) -> Object:
    spec: Object = copy.deepcopy(new["spec"])
    if is_bound:
        spec["resources"]["requests"]["storage"] = old["spec"]["resources"]["requests"]["storage"]
    if "volumeName" not in old["spec"]:
        spec.pop("volumeName", None)
    return spec


def _may_grow(store: Store, claim: Object) -> bool:
    storage_class = store.get(Key("storage.k8s.io", "storageclasses", "", claim["spec"].get("storageClassName", "")))
    return bool(storage_class and storage_class.get("allowVolumeExpansion"))
