"""A node that runs envproxy for real: `running_node` beside a test's cluster, and what a test asks it."""

import http.client
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from kubernetes import client

from tests.clusters import Cluster, api_client, eventually

STOP_SECONDS = 20


@dataclass(frozen=True)
class RunningNode:
    name: str
    state: Path
    process: subprocess.Popen[bytes]

    @property
    def ingress_port(self) -> int:
        return int((self.state / "ready").read_text().split()[1])

    def hostname(self, name: str) -> str:
        """Of a provider whose environments are reached through this node's ingress."""
        return f"http://{name}.localhost:{self.ingress_port}"

    def envproxies(self) -> list[int]:
        """The process ids of the programs that it runs."""
        mark = f"SERVICE_ACCOUNT_DIR={self.state}/".encode()
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if mark in _read(path)]

    def ask(self, name: str, path: str = "/proxy/healthz") -> int:
        """The status of one request through the ingress, on a connection of its own; 0 when there is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ingress_port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": f"{name}.localhost:{self.ingress_port}"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def log(self) -> str:
        """Of the node and of all its programs."""
        files = [self.state / "node.log", *(self.state / "logs").glob("*.log")]
        return "".join(path.read_text() for path in files)


@dataclass
class Client:
    """Asks a provider's envproxy again and again, and counts the statuses."""

    node: RunningNode
    provider: str
    statuses: Counter[int] = field(default_factory=Counter)

    @contextmanager
    def asking(self) -> Iterator[Counter[int]]:
        ended = threading.Event()

        def ask() -> None:
            while not ended.wait(0.01):
                self.statuses[self.node.ask(self.provider)] += 1

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield self.statuses
        finally:
            ended.set()
            thread.join()


@contextmanager
def running_node(state: Path, clusters: Sequence[Cluster], *options: str) -> Iterator[RunningNode]:
    """A node that takes envproxy's pods in the clusters' namespaces, registered in each; stopped at the end."""
    name = f"node-{clusters[0].namespace}"
    command = [sys.executable, "-m", "coderadmin.embedded.node", "--state", str(state), "--name", name]
    command += ["--parent", str(os.getpid()), *options]
    for cluster in clusters:
        command += ["--kubeconfig", str(cluster.kubeconfig), "--namespace", cluster.namespace]
    state.mkdir(parents=True, exist_ok=True)
    with (state / "node.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    node = RunningNode(name, state, process)
    try:
        assert eventually(lambda: (state / "ready").exists() or process.poll() is not None), node.log()
        for cluster in clusters:
            assert eventually(lambda cluster=cluster: _is_at_work(cluster, name)), node.log()
        yield node
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
        for cluster in clusters:
            _forget(cluster, name)


def _forget(cluster: Cluster, node: str) -> None:
    """Remove what a killed node leaves in the cluster."""
    with api_client(cluster.kubeconfig) as api:
        core = client.CoreV1Api(api)
        placeholder = core.list_namespaced_pod("kube-system", field_selector=f"metadata.name={node}-placeholder")
        own = core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={node}")
        for pod in placeholder.items + own.items:
            with suppress(client.ApiException):
                core.delete_namespaced_pod(pod.metadata.name, pod.metadata.namespace, grace_period_seconds=0)
        with suppress(client.ApiException):
            core.delete_node(node)


def _is_at_work(cluster: Cluster, node: str) -> bool:
    """Whether the cluster has the Node, and the placeholder has been scheduled."""
    with api_client(cluster.kubeconfig) as api:
        core = client.CoreV1Api(api)
        pods = core.list_namespaced_pod("kube-system", field_selector=f"metadata.name={node}-placeholder").items
        nodes = [one.metadata.name for one in core.list_node().items]
        return node in nodes and bool(pods) and bool(pods[0].spec.node_name)


def _read(path: Path) -> bytes:
    """Of a process that may end at any moment."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
