"""Fixtures that give tests a cluster: the sandbox always, and every real one that the environment names.

`cluster`        one fresh namespace on the sandbox and on each path of CODERADMIN_TEST_KUBECONFIGS (parametrized);
                 without real ones the run says so in one skipped test, tests/contract/test_real_clusters.py
`sandbox`        the sandbox process itself, with the clusters "one" and "two" (one process for the whole run)
`faulty_cluster` a fresh namespace on the sandbox cluster "two", whose faults the test may switch (cleared after it)
"""

import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from kubernetes import client, config

from coderadmin.embedded.sandbox.process import SandboxProcess, running_sandbox

VARIABLE = "CODERADMIN_TEST_KUBECONFIGS"
REAL_KUBECONFIGS = [Path(path) for path in os.environ.get(VARIABLE, "").split(":") if path]
NO_REAL_CLUSTER = f"set {VARIABLE} to kubeconfig paths of clusters you may write to"


@dataclass(frozen=True)
class Cluster:
    """A cluster that a test may write to, inside `namespace`."""

    kubeconfig: Path
    namespace: str
    is_sandbox: bool


@dataclass(frozen=True)
class FaultyCluster(Cluster):
    """A sandbox cluster with switchable faults: `fault("unreachable")`, `fault("unreachable", on=False)`."""

    fault: Callable[..., None]


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> bool:
    """Whether `condition` became true within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def api_client(kubeconfig: Path) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(config_file=str(kubeconfig)) as api:
        yield api


@contextmanager
def fresh_namespace(kubeconfig: Path) -> Iterator[str]:
    """A namespace of its own in which pods can be made at once; its deletion is asked for at the end."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    with api_client(kubeconfig) as api:
        core = client.CoreV1Api(api)
        # Applied, not posted: API servers built with too new a Go panic on JSON bodies.
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        core.patch_namespace(name, namespace, field_manager="tests", _content_type="application/apply-patch+yaml")
        assert eventually(lambda: _may_hold_pods(api, name)), f"no default service account in {name}"
        try:
            yield name
        finally:
            core.delete_namespace(name)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), ["one", "two"]) as process:
        yield process


@pytest.fixture(params=["sandbox", *REAL_KUBECONFIGS], ids=lambda path: _id(path))
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    is_sandbox = request.param == "sandbox"
    kubeconfig = request.getfixturevalue("sandbox").kubeconfig("one") if is_sandbox else request.param
    with fresh_namespace(kubeconfig) as namespace:
        yield Cluster(kubeconfig, namespace, is_sandbox)


@pytest.fixture
def faulty_cluster(sandbox: SandboxProcess) -> Iterator[FaultyCluster]:
    kubeconfig = sandbox.kubeconfig("two")
    with fresh_namespace(kubeconfig) as namespace:
        try:
            yield FaultyCluster(kubeconfig, namespace, True, lambda name, on=True: sandbox.fault("two", name, on))
        finally:
            sandbox.clear_faults("two")


def _may_hold_pods(api: client.ApiClient, namespace: str) -> bool:
    """Whether the default service account is there; before Kubernetes 1.24 pods are refused until it has a token."""
    accounts = client.CoreV1Api(api).list_namespaced_service_account(namespace).items
    has_bound_tokens = int(re.sub(r"\D", "", client.VersionApi(api).get_code().minor)) >= 24
    return bool(accounts) and (has_bound_tokens or any(account.secrets for account in accounts))


def _id(path: Path | str) -> str:
    return path if isinstance(path, str) else path.parent.name
