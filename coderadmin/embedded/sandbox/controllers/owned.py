"""Objects that belong to a workload: finding them, making pods from a template, and naming templates."""

import copy
import json
import zlib
from collections.abc import Iterator
from typing import Any

from coderadmin.embedded.sandbox.admission import quota_refusal
from coderadmin.embedded.sandbox.controllers.conditions import is_true
from coderadmin.embedded.sandbox.defaults import fill_defaults, first_status
from coderadmin.embedded.sandbox.pod_security import security_refusal
from coderadmin.embedded.sandbox.store import Key, Object, Store
from coderadmin.embedded.sandbox.writing import generated_name

_HASH_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class CreateRefusedError(Exception):
    """A pod that the cluster does not allow: quota used up, service account missing."""


def owned_by(store: Store, owner: Object, group: str, plural: str) -> Iterator[tuple[Key, Object]]:
    """The objects of this type that `owner` controls."""
    metadata = owner["metadata"]
    for key, one in store.items(group, plural, metadata["namespace"]):
        references = one["metadata"].get("ownerReferences") or []
        if any(reference["uid"] == metadata["uid"] and reference.get("controller") for reference in references):
            yield key, one


def controller_reference(owner: Object) -> dict[str, Any]:
    metadata = owner["metadata"]
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"]}
    reference |= {"name": metadata["name"], "uid": metadata["uid"], "controller": True, "blockOwnerDeletion": True}
    return reference


def template_hash(template: Object) -> str:
    """A short name for a pod template: the same template has the same name."""
    number = zlib.crc32(json.dumps(template, sort_keys=True).encode())
    letters = ""
    for _ in range(10):
        number, index = divmod(number, len(_HASH_LETTERS))
        letters += _HASH_LETTERS[index]
    return letters.rstrip("b") or "b"


def create_pod(store: Store, owner: Object, name: str = "", labels: dict[str, str] | None = None) -> Object:
    """Make one pod from the owner's template; raises CreateRefusedError."""
    template = owner["spec"]["template"]
    namespace = owner["metadata"]["namespace"]
    prefix = f"{owner['metadata']['name']}-"
    metadata = copy.deepcopy(template.get("metadata") or {})
    metadata |= {"name": name or generated_name(prefix), "namespace": namespace}
    metadata |= {} if name else {"generateName": prefix}
    metadata["labels"] = metadata.get("labels", {}) | (labels or {})
    metadata["ownerReferences"] = [controller_reference(owner)]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copy.deepcopy(template["spec"])}
    fill_defaults(pod)
    _refuse_forbidden(store, pod)
    pod["status"] = first_status(pod)
    return store.create(Key("", "pods", namespace, metadata["name"]), pod)


def _refuse_forbidden(store: Store, pod: Object) -> None:
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    account = pod["spec"]["serviceAccountName"]
    why = quota_refusal(store, "pods", "", pod) or security_refusal(store, pod)
    if store.get(Key("", "serviceaccounts", namespace, account)) is None:
        why = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
    if why:
        raise CreateRefusedError(f'pods "{name}" is forbidden: {why}')


def is_active(pod: Object) -> bool:
    ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return not ended and "deletionTimestamp" not in pod["metadata"]


def is_ready(pod: Object) -> bool:
    return is_active(pod) and is_true(pod, "Ready")
