"""Nodes that a kubelet outside of the sandbox plays (`coderadmin.embedded.node`): their pods are left to it."""

from coderadmin.embedded.sandbox.store import Key, Object, Store

TAKES = "sandbox.invalid/takes"  # annotation of such a Node: the app.kubernetes.io/name of the pods that it binds
NAMESPACES = "sandbox.invalid/namespaces"  # in these, separated by commas; empty: in all


def awaits_binding(store: Store, pod: Object) -> bool:
    """Whether an outside node binds this pod, so that the scheduler leaves it alone."""
    name = pod["metadata"].get("labels", {}).get("app.kubernetes.io/name")
    return name is not None and any(
        annotations.get(TAKES) == name and _covers(annotations.get(NAMESPACES, ""), pod["metadata"]["namespace"])
        for annotations in (node["metadata"].get("annotations", {}) for node in store.objects("", "nodes"))
    )


def runs_outside(store: Store, pod: Object) -> bool:
    """Whether the pod is on an outside node; one whose Node is gone comes back to the sandbox."""
    node = store.get(Key("", "nodes", "", pod["spec"].get("nodeName", "")))
    return node is not None and TAKES in node["metadata"].get("annotations", {})


def _covers(namespaces: str, namespace: str) -> bool:
    return not namespaces or namespace in namespaces.split(",")
