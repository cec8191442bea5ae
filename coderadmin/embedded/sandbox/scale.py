"""The `scale` subresource: the replicas of a workload as an object of their own."""

import copy

from coderadmin.embedded.sandbox.errors import bad_request
from coderadmin.embedded.sandbox.store import Object


def as_scale(workload: Object) -> Object:
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    metadata = {name: workload["metadata"][name] for name in kept if name in workload["metadata"]}
    labels = workload["spec"].get("selector", {}).get("matchLabels", {})
    status = {"replicas": workload.get("status", {}).get("replicas", 0)}
    status["selector"] = ",".join(f"{key}={value}" for key, value in labels.items())
    spec = {"replicas": workload["spec"].get("replicas", 1)}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}


def with_scale(workload: Object, scale: Object) -> Object:
    """The workload with the replicas of `scale`, and its resource version to be checked."""
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int):
        raise bad_request("spec.replicas is not a number")
    changed = copy.deepcopy(workload)
    changed["spec"]["replicas"] = replicas
    if version := scale.get("metadata", {}).get("resourceVersion"):
        changed["metadata"]["resourceVersion"] = version
    return changed
