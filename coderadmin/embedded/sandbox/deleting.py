"""DELETE: at once, with a grace period, behind finalizers, and what becomes of the dependents."""

import copy
from typing import Any

from coderadmin.embedded.sandbox.call import Call
from coderadmin.embedded.sandbox.errors import bad_request, conflict, not_found
from coderadmin.embedded.sandbox.resources import ResourceType
from coderadmin.embedded.sandbox.selectors import Matcher
from coderadmin.embedded.sandbox.store import Key, Object, Store

FOREGROUND = "foregroundDeletion"
_POLICIES = (None, "Background", "Foreground", "Orphan")
_RETURNED = {"pods", "persistentvolumeclaims", "persistentvolumes", "serviceaccounts", "storageclasses"}


def delete(store: Store, call: Call) -> Object:
    """Delete one object; what is answered: the object while it goes on, a Status when it is gone."""
    old = store.get(call.key)
    if old is None:
        raise not_found(call.resource, call.name)
    options = _options(call)
    _check_preconditions(call, old, options.get("preconditions") or {})
    if call.is_dry_run:
        return old
    begin_deletion(store, call.key, policy=options.get("propagationPolicy"), grace=options.get("gracePeriodSeconds"))
    left = store.get(call.key)
    if left is not None or call.resource.plural in _RETURNED:
        return left or old
    return _success(call.resource, old)


def delete_collection(store: Store, call: Call, matches: Matcher) -> list[Object]:
    options = _options(call)
    found = [(key, one) for key, one in store.items(*call.key[:3]) if matches(one)]
    for key, _ in found if not call.is_dry_run else []:
        begin_deletion(store, key, policy=options.get("propagationPolicy"), grace=options.get("gracePeriodSeconds"))
    return [one for _, one in found]


def begin_deletion(store: Store, key: Key, *, policy: str | None = None, grace: int | None = None) -> None:
    """Remove an object, or mark it and leave the rest to whoever holds it."""
    if policy == "Orphan":
        _detach_dependents(store, key)
    if policy == "Foreground":
        _hold(store, key)
    old = store[key]
    held = old["metadata"].get("finalizers") or old.get("spec", {}).get("finalizers")
    seconds = _grace_seconds(old, grace)
    if key.plural == "namespaces" and not key.group:
        store.mark_deleted(key)
        store.replace(key, store[key] | {"metadata": dict(store[key]["metadata"]), "status": {"phase": "Terminating"}})
    elif held or seconds:
        store.mark_deleted(key, grace_seconds=seconds)
    else:
        store.remove(key)
    if key.plural == "customresourcedefinitions":
        _remove_instances(store, old)


def _grace_seconds(old: Object, grace: int | None) -> int:
    """Only a pod on a node that has not ended is given time."""
    if old["kind"] != "Pod" or not old["spec"].get("nodeName"):
        return 0
    if old.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return int(old["spec"].get("terminationGracePeriodSeconds", 30) if grace is None else grace)


def _options(call: Call) -> dict[str, Any]:
    options: dict[str, Any] = dict(call.body or {})
    for name in ("propagationPolicy", "gracePeriodSeconds"):
        if name in call.query:
            options[name] = call.query[name]
    if options.get("gracePeriodSeconds") is not None:
        options["gracePeriodSeconds"] = int(options["gracePeriodSeconds"])
    if options.get("orphanDependents"):
        options["propagationPolicy"] = "Orphan"
    if options.get("propagationPolicy") not in _POLICIES:
        raise bad_request(f"invalid propagationPolicy {options['propagationPolicy']!r}")
    return options


def _check_preconditions(call: Call, old: Object, preconditions: dict[str, str]) -> None:
    for field in ("uid", "resourceVersion"):
        wanted = preconditions.get(field)
        if wanted and wanted != old["metadata"][field]:
            name = {"uid": "UID", "resourceVersion": "ResourceVersion"}[field]
            why = f"the {name} in the precondition ({wanted}) does not match the {name} in record"
            raise conflict(call.resource, call.name, why)


def _hold(store: Store, key: Key) -> None:
    new = copy.deepcopy(store[key])
    finalizers = new["metadata"].setdefault("finalizers", [])
    if FOREGROUND not in finalizers:
        finalizers.append(FOREGROUND)
        store.replace(key, new)


def _detach_dependents(store: Store, key: Key) -> None:
    uid = store[key]["metadata"]["uid"]
    for other, dependent in list(store.everything()):
        references = dependent["metadata"].get("ownerReferences") or []
        kept = [reference for reference in references if reference["uid"] != uid]
        if len(kept) < len(references):
            new = copy.deepcopy(dependent)
            new["metadata"]["ownerReferences"] = kept
            store.replace(other, new)


def _remove_instances(store: Store, definition: Object) -> None:
    spec = definition["spec"]
    for key, _ in list(store.items(spec["group"], spec["names"]["plural"])):
        store.remove(key)


def _success(resource: ResourceType, gone: Object) -> Object:
    metadata = gone["metadata"]
    details = {"name": metadata["name"], "kind": resource.plural, "uid": metadata["uid"]}
    details |= {"group": resource.group} if resource.group else {}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
