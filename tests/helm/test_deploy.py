"""Deploys by real Helm, on the sandbox and on each real cluster."""

import time
import uuid
from collections.abc import Callable

import pytest
from kubernetes import client

from providers.helm import gateway
from providers.helm.release import HelmErrorCode
from tests.clusters import Cluster, api_client, eventually
from tests.helm.conftest import Deployer
from tests.helm.manifests import TOKEN, values

BROKEN = values(image="broken:1")
# The wait for a pod that never becomes ready.
SHORT_S = 3


def after(seconds: float) -> Callable[[], bool]:
    """A `cancelled` that says yes when so much time has gone since it was first asked."""
    asked: list[float] = []

    def is_over() -> bool:
        asked.append(time.monotonic())
        return asked[-1] - asked[0] > seconds

    return is_over


def test_it_installs_and_upgrades(helm: Deployer) -> None:
    first, second = helm.deploy(values()), helm.deploy(values(replicas=2))
    assert (first.revision, first.status) == (1, "deployed")
    assert (second.revision, second.status) == (2, "deployed")
    assert (second.name, second.chart_version) == ("coder-workspace-provider", "0.1.0")
    assert second.namespace == helm.target.namespace
    assert gateway.status(helm.target) == second
    assert helm.statuses() == ["superseded", "deployed"]
    assert helm.lines == [
        "Upgrading release coder-workspace-provider to revision 2, chart workspace-provider 0.1.0.",
        "Revision 2 is deployed and ready.",
    ]


def test_its_release_is_one_that_any_helm_can_list(helm: Deployer, cluster: Cluster) -> None:
    helm.deploy(values())
    with api_client(cluster.kubeconfig) as api:
        selector = "owner=helm,name=coder-workspace-provider,status=deployed,version=1"
        [secret] = client.CoreV1Api(api).list_namespaced_secret(cluster.namespace, label_selector=selector).items
    assert secret.type == "helm.sh/release.v1"
    assert secret.metadata.name == "sh.helm.release.v1.coder-workspace-provider.v1"
    assert list(secret.data) == ["release"]


def test_its_objects_belong_to_helm_as_after_an_admin_s_own(helm: Deployer, cluster: Cluster) -> None:
    """The name of the field manager is what decides whether an admin's Helm 4 may upgrade the release."""
    helm.deploy(values())
    with api_client(cluster.kubeconfig) as api:
        deployment = client.AppsV1Api(api).read_namespaced_deployment("envproxy", cluster.namespace)
    assert "helm" in {entry.manager for entry in deployment.metadata.managed_fields}
    assert deployment.metadata.annotations["meta.helm.sh/release-name"] == "coder-workspace-provider"


def test_it_creates_a_missing_namespace(helm: Deployer, cluster: Cluster) -> None:
    fresh = helm.in_namespace(f"test-{uuid.uuid4().hex[:10]}")
    with api_client(cluster.kubeconfig) as api:
        try:
            assert fresh.deploy(values()).status == "deployed"
            assert f"Creating namespace {fresh.target.namespace}." in fresh.lines
        finally:
            client.CoreV1Api(api).delete_namespace(fresh.target.namespace)


def test_a_failed_upgrade_leaves_the_old_revision_at_work(helm: Deployer, cluster: Cluster) -> None:
    helm.deploy(values())
    error = helm.failure(BROKEN, timeout_s=SHORT_S)
    assert error.code == HelmErrorCode.TIMED_OUT
    assert error.message.startswith(f"Not ready after {SHORT_S} s: ")
    assert error.message.endswith("Revision 1 is deployed again.")
    assert helm.statuses() == ["superseded", "failed", "deployed"]
    with api_client(cluster.kubeconfig) as api:
        deployment = client.AppsV1Api(api).read_namespaced_deployment("envproxy", cluster.namespace)
    assert deployment.spec.template.spec.containers[0].image == "coderadmin/coderadmin:0.1.0"
    assert deployment.status.available_replicas == 1


def test_a_failed_first_install_leaves_nothing(helm: Deployer, cluster: Cluster) -> None:
    error = helm.failure(BROKEN, timeout_s=SHORT_S)
    assert error.code == HelmErrorCode.TIMED_OUT
    assert error.message.endswith("What was installed is removed again.")
    assert gateway.status(helm.target) is None
    with api_client(cluster.kubeconfig) as api:
        apps = client.AppsV1Api(api)
        assert eventually(lambda: not apps.list_namespaced_deployment(cluster.namespace).items)


def test_a_cancelled_upgrade_is_rolled_back(helm: Deployer) -> None:
    helm.deploy(values())
    error = helm.failure(BROKEN, cancelled=after(2))
    assert (error.code, error.message) == (HelmErrorCode.CANCELLED, "Cancelled. Revision 1 is deployed again.")
    assert helm.statuses()[-1] == "deployed"


def test_a_cancelled_first_install_is_removed(helm: Deployer) -> None:
    error = helm.failure(BROKEN, cancelled=after(2))
    assert (error.code, error.message) == (HelmErrorCode.CANCELLED, "Cancelled. What was installed is removed again.")
    assert gateway.status(helm.target) is None


def test_an_upgrade_without_a_token_keeps_the_one_in_the_cluster(helm: Deployer, cluster: Cluster) -> None:
    def token() -> str:
        with api_client(cluster.kubeconfig) as api:
            return client.CoreV1Api(api).read_namespaced_secret("envproxy-token", cluster.namespace).data["token"]

    helm.deploy(values())
    before = token()
    helm.deploy(values(token="", replicas=2))
    assert token() == before


def test_a_refused_deploy_changes_nothing(helm: Deployer) -> None:
    helm.deploy(values())
    error = helm.failure({"typo": TOKEN})
    assert error.code == HelmErrorCode.REFUSED
    assert "additional properties 'typo' not allowed" in error.message
    assert helm.statuses() == ["deployed"]


def test_it_takes_back_a_field_that_somebody_changed(helm: Deployer, cluster: Cluster) -> None:
    helm.deploy(values())
    scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "envproxy"}, "spec": {"replicas": 3}}
    with api_client(cluster.kubeconfig) as api:
        apps = client.AppsV1Api(api)
        apps.patch_namespaced_deployment(
            "envproxy",
            cluster.namespace,
            scaled,
            field_manager="somebody",
            force=True,
            _content_type="application/apply-patch+yaml",
        )
        helm.deploy(values())
        assert apps.read_namespaced_deployment("envproxy", cluster.namespace).spec.replicas == 1


def test_uninstalling_twice_is_a_success(helm: Deployer, cluster: Cluster) -> None:
    helm.deploy(values())
    helm.uninstall()
    assert helm.lines == ["Release coder-workspace-provider is uninstalled."]
    assert gateway.status(helm.target) is None and gateway.history(helm.target) == []
    helm.uninstall()
    assert helm.lines == [f"There is no release coder-workspace-provider in {cluster.namespace}."]


@pytest.mark.parametrize("ask", [gateway.status, gateway.history])
def test_a_look_at_a_strange_namespace_finds_nothing(helm: Deployer, ask: Callable[..., object]) -> None:
    assert not ask(helm.in_namespace("no-such-namespace").target)
