"""POST pods/NAME/binding: a scheduler has decided on the node."""

import copy

from coderadmin.embedded.sandbox.call import Call, as_object
from coderadmin.embedded.sandbox.errors import conflict, not_found
from coderadmin.embedded.sandbox.store import Object, Store


def bind(store: Store, call: Call) -> Object:
    """Put the pod on the node that the Binding names; 409 when it is on one or goes away."""
    pod = store.get(call.key)
    if pod is None:
        raise not_found(call.resource, call.name)
    if pod["spec"].get("nodeName"):
        raise conflict(call.resource, call.name, f"pod {call.name} is already assigned to node")
    if "deletionTimestamp" in pod["metadata"]:
        raise conflict(call.resource, call.name, f"pod {call.name} is being deleted, cannot be assigned to a host")
    if not call.is_dry_run:
        new = copy.deepcopy(pod)
        new["spec"]["nodeName"] = as_object(call.body)["target"]["name"]
        store.replace(call.key, new)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
