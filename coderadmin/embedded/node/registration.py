"""The node as the cluster sees it, and which pods it takes.

It takes envproxy's pods, in the namespaces it is given or in all. Its Node is cordoned, so that nothing else comes.
The sandbox's scheduler reads the annotations and leaves those pods to us. A real scheduler does not: there a
placeholder pod, which stands on another node and wants no envproxy on any, keeps them unscheduled until we bind them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coderadmin.embedded.node.api import Api, ApiError, Object
from coderadmin.embedded.node.statuses import now
from coderadmin.embedded.sandbox.controllers.outside import NAMESPACES, TAKES

APP_LABEL = "app.kubernetes.io/name"
APP = "envproxy"
SELECTOR = f"{APP_LABEL}={APP}"
PLACEHOLDERS = "/api/v1/namespaces/kube-system/pods"


@dataclass(frozen=True)
class Registration:
    """`namespaces` empty: all of them, which only the sandbox's scheduler understands."""

    node: str
    namespaces: Sequence[str]

    def takes(self, one: Object) -> bool:
        """Whether this pod or Ingress is in a namespace of the node."""
        return not self.namespaces or one["metadata"]["namespace"] in self.namespaces

    async def register(self, api: Api) -> None:
        """Make the Node and the placeholder; safe when repeated. Raises ApiError."""
        await api.apply(f"/api/v1/nodes/{self.node}", _node(self.node, self.namespaces))
        await self.beat(api)
        if self.namespaces:
            await api.apply(f"{PLACEHOLDERS}/{self._placeholder}", self._make_placeholder())

    async def renew(self, api: Api) -> None:
        """Stay registered; on a real cluster others may have changed what was made. Raises ApiError."""
        await (self.register(api) if self.namespaces else self.beat(api))

    async def beat(self, api: Api) -> None:
        """Say that the node lives; a cluster that hears nothing for 40 s takes its pods for lost. Raises ApiError."""
        await api.patch(f"/api/v1/nodes/{self.node}/status", {"status": _node_status()})

    async def take_over(self, api: Api) -> None:
        """Delete the pods that run elsewhere, so that their Deployments make them anew here. Raises ApiError."""
        pods = await api.get("/api/v1/pods", labelSelector=SELECTOR)
        for pod in pods["items"]:
            metadata = pod["metadata"]
            if self.takes(pod) and pod["spec"].get("nodeName", self.node) != self.node:
                path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
                await api.delete(path, uid=metadata["uid"])

    async def bind(self, api: Api, pod: Object) -> None:
        """Schedule the pod to this node; nothing when another was faster. Raises ApiError."""
        metadata = {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]}
        target = {"apiVersion": "v1", "kind": "Node", "name": self.node}
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target}
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/binding"
        try:
            await api.create(path, binding)
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    async def unregister(self, api: Api) -> None:
        """Leave the cluster as it was; its own node takes envproxy's pods from now on. Raises ApiError."""
        await api.delete(f"{PLACEHOLDERS}/{self._placeholder}", grace_seconds=0)
        await api.delete(f"/api/v1/nodes/{self.node}")

    @property
    def _placeholder(self) -> str:
        return f"{self.node}-placeholder"

    def _make_placeholder(self) -> Object:
        term = {
            "labelSelector": {"matchLabels": {APP_LABEL: APP}},
            "namespaces": list(self.namespaces),
            "topologyKey": "kubernetes.io/os",  # all nodes at once
        }
        spec = {
            "containers": [{"name": "placeholder", "image": "placeholder"}],
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
        }
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": self._placeholder}, "spec": spec}


def _node(name: str, namespaces: Sequence[str]) -> Object:
    annotations = {TAKES: APP, NAMESPACES: ",".join(namespaces)}
    metadata = {"name": name, "annotations": annotations, "labels": {"kubernetes.io/hostname": name}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"unschedulable": True}}


def _node_status() -> Object:
    size = {"cpu": "64", "memory": "256Gi", "pods": "2000"}
    info: dict[str, Any] = dict.fromkeys(("bootID", "machineID", "systemUUID", "kubeProxyVersion", "kernelVersion"), "")
    info |= {"operatingSystem": "linux", "architecture": "amd64", "osImage": "none", "kubeletVersion": "v1.20.0"}
    ready = {"type": "Ready", "status": "True", "reason": "Running", "message": "runs envproxy as processes"}
    ready |= {"lastHeartbeatTime": now(), "lastTransitionTime": now()}
    info |= {"containerRuntimeVersion": "none://0"}
    return {"capacity": size, "allocatable": size, "nodeInfo": info, "conditions": [ready]}
