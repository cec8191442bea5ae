"""The control planes of a run: the real ones that the environment names, or else the sandbox."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from kubernetes import client
from urllib3.exceptions import HTTPError

from benchmarks.stack import BenchmarkError
from coderadmin.embedded.sandbox.process import SandboxError, running_sandbox
from providers.kube.kubeconfig import parse_kubeconfig
from providers.target import ClusterTarget
from tests.clusters import REAL_KUBECONFIGS, api_client, fresh_namespace

SANDBOX = ("one", "two")


@dataclass(frozen=True)
class Ground:
    """Where a run may deploy; `what`: in the words of a note."""

    what: str
    targets: list[ClusterTarget]


@contextmanager
def fresh_ground(folder: Path, count: int) -> Iterator[Ground]:
    """So many namespaces, in turns on each control plane; they go at the end. Raises BenchmarkError."""
    with ExitStack() as opened:
        try:
            ground = _prepare(opened, folder, count)
        except (AssertionError, HTTPError, client.ApiException, SandboxError) as error:
            raise BenchmarkError(f"no cluster to deploy to: {error}") from error
        yield ground


def _prepare(opened: ExitStack, folder: Path, count: int) -> Ground:
    kubeconfigs, kind = REAL_KUBECONFIGS, "real"
    if not kubeconfigs:
        sandbox = opened.enter_context(running_sandbox(folder / "sandbox", SANDBOX))
        kubeconfigs, kind = [sandbox.kubeconfig(name) for name in SANDBOX], "sandbox"
    targets = [
        _target(kubeconfig, opened.enter_context(fresh_namespace(kubeconfig)))
        for kubeconfig in islice(cycle(kubeconfigs), count)
    ]
    return Ground(f"{len(kubeconfigs)} {kind} control planes ({_version(kubeconfigs[0])})", targets)


def _target(kubeconfig: Path, namespace: str) -> ClusterTarget:
    parsed = parse_kubeconfig(kubeconfig.read_text())
    return parsed.target(parsed.current_context, namespace)


def _version(kubeconfig: Path) -> str:
    with api_client(kubeconfig) as api:
        return str(client.VersionApi(api).get_code().git_version)
