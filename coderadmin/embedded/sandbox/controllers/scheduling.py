"""The scheduler: which node a pod goes to, or why it goes to none."""

from coderadmin.embedded.sandbox.admission import pod_resources
from coderadmin.embedded.sandbox.controllers import conditions
from coderadmin.embedded.sandbox.controllers.context import Context
from coderadmin.embedded.sandbox.quantities import as_number
from coderadmin.embedded.sandbox.store import Key, Object, Store

SOURCE = "default-scheduler"


def schedule(context: Context, key: Key, pod: Object) -> None:
    """Bind the pod to the first node that takes it, or say why there is none."""
    refusals: list[str] = []
    for node in context.store.objects("", "nodes"):
        why = _refusal(context.store, node, pod)
        if not why:
            name = node["metadata"]["name"]
            context.change(key, lambda new, name=name: new["spec"].update(nodeName=name))  # type: ignore[misc]
            message = f"Successfully assigned {key.namespace}/{key.name} to {name}"
            context.event(pod, "Scheduled", message, source=SOURCE)
            return
        refusals.append(why)
    counted = ", ".join(f"{refusals.count(why)} {why}" for why in dict.fromkeys(refusals))
    _refuse(context, key, pod, f"0/{len(refusals)} nodes are available: {counted}.")


def _refuse(context: Context, key: Key, pod: Object, message: str) -> None:
    condition = conditions.make(pod, "PodScheduled", False, "Unschedulable", message)
    context.set_status(key, pod, pod["status"] | {"conditions": [condition]})
    context.event_once(pod, "FailedScheduling", message, source=SOURCE, warning=True)


def _refusal(store: Store, node: Object, pod: Object) -> str:
    labels = node["metadata"].get("labels", {})
    wanted = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(name) != value for name, value in wanted.items()):
        return "node(s) didn't match Pod's node affinity/selector"
    if node["spec"].get("unschedulable"):
        return "node(s) were unschedulable"
    asked = pod_resources(pod, "requests")
    if not asked:
        return ""
    used = _used(store, node["metadata"]["name"])
    free = {name: as_number(size) for name, size in node["status"]["allocatable"].items()}
    short = [name for name, amount in asked.items() if used.get(name, 0.0) + amount > free.get(name, 0.0)]
    return ", ".join(f"Insufficient {name}" for name in short)


def _used(store: Store, node: str) -> dict[str, float]:
    total: dict[str, float] = {}
    for pod in store.objects("", "pods"):
        if pod["spec"].get("nodeName") != node or pod["status"].get("phase") in ("Succeeded", "Failed"):
            continue
        for name, amount in pod_resources(pod, "requests").items():
            total[name] = total.get(name, 0.0) + amount
    return total
