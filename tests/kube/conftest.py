"""Fixtures for tests of the Kubernetes border."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from providers.kube.environment_objects import EnvironmentSpec
from providers.kube.evidence import Evidence
from providers.kube.kubeconfig import parse_kubeconfig
from providers.kube.probe import Questions, collect
from providers.target import ClusterTarget
from tests.clusters import Cluster
from tests.kube.authority import Authority
from tests.kube.servers import Handler, serving
from tests.kube.specs import make_new_spec
from tests.storage import provided_storage

Look = Callable[..., Evidence]


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def context(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    """TLS for a server at 127.0.0.1 that `authority` vouches for."""
    return authority.server_context(tmp_path)


@pytest.fixture
def look(authority: Authority, context: ssl.SSLContext) -> Look:
    """Evidence of one look at a server on loopback: `look(handler)`."""

    def look(
        handler: Handler, *, tls: ssl.SSLContext | None = context, timeout: float = 10.0, **questions: Any
    ) -> Evidence:
        async def scenario() -> Evidence:
            async with serving(handler, tls) as address:
                target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem, token="s3cr3t-token")
                return await collect(target, Questions(**{"expects_release": False} | questions), timeout=timeout)

        return asyncio.run(scenario())

    return look


def target_of(cluster: Cluster) -> ClusterTarget:
    """The admin's target in the fresh namespace of `cluster`."""
    kubeconfig = parse_kubeconfig(cluster.kubeconfig.read_text())
    return replace(kubeconfig.target(kubeconfig.current_context), namespace=cluster.namespace)


@pytest.fixture
def target(cluster: Cluster) -> ClusterTarget:
    return target_of(cluster)


@pytest.fixture(params=[True], ids=["grows"])
def storage(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[str]:
    """That of tests.storage, which may also be one whose volumes do not grow."""
    with provided_storage(cluster, allows_expansion=request.param) as name:
        yield name


@pytest.fixture
def spec(storage: str) -> EnvironmentSpec:
    return make_new_spec(storage_class=storage)
