from collections.abc import Callable
from dataclasses import replace

import pytest

from providers.helm import gateway
from providers.helm.gateway import HelmError, Release
from providers.helm.values import Values
from providers.kube.kubeconfig import parse_kubeconfig
from providers.target import ClusterTarget
from tests.clusters import Cluster

TIMEOUT_S = 40


class Deployer:
    """Deploys our chart on one cluster and keeps the lines that Helm sent."""

    def __init__(self, target: ClusterTarget) -> None:
        self.target = target
        self.lines: list[str] = []

    def deploy(self, values: Values, *, timeout_s: int = TIMEOUT_S, cancelled: Callable[[], bool] = bool) -> Release:
        self.lines.clear()
        return gateway.deploy(self.target, values, timeout_s=timeout_s, on_line=self.lines.append, cancelled=cancelled)

    def failure(self, values: Values, *, timeout_s: int = TIMEOUT_S, cancelled: Callable[[], bool] = bool) -> HelmError:
        with pytest.raises(HelmError) as caught:
            self.deploy(values, timeout_s=timeout_s, cancelled=cancelled)
        return caught.value

    def uninstall(self) -> list[str]:
        self.lines.clear()
        return gateway.uninstall(self.target, timeout_s=TIMEOUT_S, on_line=self.lines.append)

    def statuses(self) -> list[str]:
        return [release.status for release in gateway.history(self.target)]

    def in_namespace(self, namespace: str) -> "Deployer":
        return Deployer(replace(self.target, namespace=namespace))


def target_of(cluster: Cluster) -> ClusterTarget:
    kubeconfig = parse_kubeconfig(cluster.kubeconfig.read_text(encoding="utf-8"))
    return kubeconfig.target(kubeconfig.current_context, namespace=cluster.namespace)


@pytest.fixture
def helm(cluster: Cluster) -> Deployer:
    return Deployer(target_of(cluster))
