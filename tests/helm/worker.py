"""A worker that deploys, to be killed: `python -m tests.helm.worker KUBECONFIG NAMESPACE`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kubernetes import client

from coderadmin.destinations import Rule, use
from providers.helm import gateway
from providers.kube.kubeconfig import parse_kubeconfig
from tests.clusters import Cluster, api_client, eventually
from tests.helm.manifests import values

PROJECT = Path(__file__).parents[2]


def helm_processes(worker_id: int) -> list[int]:
    """The process ids of the children of a worker that are our Helm."""
    files = Path(f"/proc/{worker_id}/task").glob("*/children")
    children = [int(child) for file in files for child in file.read_text().split()]
    return [child for child in children if b"providers.helm.child" in _command(child)]


def _command(process_id: int) -> bytes:
    """Empty for a process that is gone or a zombie."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process_id}/cmdline").read_bytes()
    return b""


def pending_releases(cluster: Cluster) -> list[client.V1Secret]:
    with api_client(cluster.kubeconfig) as api:
        selector = "owner=helm,status in (pending-install,pending-upgrade)"
        return client.CoreV1Api(api).list_namespaced_secret(cluster.namespace, label_selector=selector).items


@contextmanager
def worker_in_the_middle(cluster: Cluster, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A worker while its Helm is at work, and the process id of that Helm."""
    command = [sys.executable, "-m", "tests.helm.worker", str(cluster.kubeconfig), cluster.namespace]
    with subprocess.Popen(command, cwd=PROJECT, env=os.environ | environment) as worker:
        try:
            assert eventually(lambda: pending_releases(cluster))
            [helm] = helm_processes(worker.pid)
            yield worker, helm
        finally:
            worker.kill()


def kill_a_worker_in_the_middle(cluster: Cluster) -> None:
    with worker_in_the_middle(cluster) as (worker, helm):
        worker.kill()
        worker.wait()
        assert eventually(lambda: not _command(helm))


def main() -> None:
    use(Rule(is_loopback_allowed=True))
    kubeconfig = parse_kubeconfig(Path(sys.argv[1]).read_text(encoding="utf-8"))
    target = kubeconfig.target(kubeconfig.current_context, namespace=sys.argv[2])
    gateway.deploy(target, values(image="broken:1"), timeout_s=120, on_line=str, cancelled=bool)


if __name__ == "__main__":
    main()
