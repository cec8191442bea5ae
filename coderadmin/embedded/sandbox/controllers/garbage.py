"""The garbage collector: dependents go after their owners, or before them when the deletion is in the foreground."""

from coderadmin.embedded.sandbox.controllers.context import Context
from coderadmin.embedded.sandbox.deleting import FOREGROUND, begin_deletion
from coderadmin.embedded.sandbox.store import Key, Object


def reconcile(context: Context) -> None:
    everything = list(context.store.everything())
    living = {one["metadata"]["uid"] for _, one in everything}
    for key, one in everything:
        owners = one["metadata"].get("ownerReferences")
        if owners and not any(owner["uid"] in living for owner in owners):
            _delete(context, key, one)
        elif FOREGROUND in (one["metadata"].get("finalizers") or []):
            _finish_foreground(context, key, one, everything)


def _finish_foreground(context: Context, key: Key, owner: Object, everything: list[tuple[Key, Object]]) -> None:
    dependents = [found for found in everything if _depends(found[1], owner)]
    for other, one in dependents:
        _delete(context, other, one)
    if not dependents:
        context.change(key, lambda new: new["metadata"]["finalizers"].remove(FOREGROUND))


def _depends(one: Object, owner: Object) -> bool:
    references = one["metadata"].get("ownerReferences") or []
    return any(reference["uid"] == owner["metadata"]["uid"] for reference in references)


def _delete(context: Context, key: Key, one: Object) -> None:
    if context.store.get(key) is not None and "deletionTimestamp" not in one["metadata"]:
        begin_deletion(context.store, key)
