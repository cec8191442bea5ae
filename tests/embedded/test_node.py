"""A node that runs envproxy's pods as processes, on the sandbox and on every real cluster."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from audit.services import Actor
from organizations.models import User
from providers.choices import OperationState, ProviderStatus
from providers.models import WorkspaceProvider
from providers.services import request_delete, request_deploy, update_provider
from tests.clusters import Cluster, api_client, eventually, fresh_namespace
from tests.nodes import Client, RunningNode, running_node
from tests.providers.clusters import done, log_of, register_on, soon, target_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def node(cluster: Cluster, tmp_path: Path) -> Iterator[RunningNode]:
    with running_node(tmp_path / "node", [cluster]) as running:
        yield running


@pytest.fixture
def actor(site_manager: User) -> Actor:
    return Actor(user=site_manager)


@pytest.fixture
def deployed(
    cluster: Cluster, node: RunningNode, actor: Actor, live_server: Any, settings: Any
) -> Iterator[WorkspaceProvider]:
    """The provider "sydney" of this deployment, whose pages answer meanwhile."""
    settings.ACCESS_URL = live_server.url
    target = target_in(cluster.kubeconfig, cluster.namespace)
    provider = register_on(actor, target, hostname=node.hostname("sydney"))
    operation = done(request_deploy(actor=actor, provider=provider))
    assert operation.state == OperationState.SUCCEEDED, log_of(operation) + node.log()
    provider.refresh_from_db()
    yield provider
    assert "cap_" not in node.log(), "the token is in a log"


def pods(cluster: Cluster) -> list[client.V1Pod]:
    with api_client(cluster.kubeconfig) as api:
        return client.CoreV1Api(api).list_namespaced_pod(cluster.namespace).items


def is_ready(pod: client.V1Pod) -> bool:
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions or [])


def test_a_deployed_provider_calls_home_and_answers_through_the_ingress(
    deployed: WorkspaceProvider, cluster: Cluster, node: RunningNode
) -> None:
    assert (deployed.status, deployed.last_beat_at is not None) == (ProviderStatus.READY, True)
    assert node.ask("sydney") == 200
    assert node.ask("europe") == 404, "another provider's host"
    (pod,) = pods(cluster)
    assert (pod.spec.node_name, is_ready(pod)) == (node.name, True)
    assert len(node.envproxies()) == 1


def test_deleting_the_provider_ends_the_process(
    deployed: WorkspaceProvider, cluster: Cluster, node: RunningNode, actor: Actor
) -> None:
    operation = done(request_delete(actor=actor, provider=deployed))
    assert operation.state == OperationState.SUCCEEDED, log_of(operation)
    assert eventually(lambda: not node.envproxies() and not pods(cluster)), node.log()
    assert eventually(lambda: not list((node.state / "pods").iterdir())), "its token is still there"
    assert node.ask("sydney") == 404


def test_no_request_is_refused_while_it_is_rolled(
    deployed: WorkspaceProvider, cluster: Cluster, node: RunningNode, actor: Actor
) -> None:
    (before,) = node.envproxies()
    with Client(node, "sydney").asking() as statuses:
        operation = done(request_deploy(actor=actor, provider=deployed))
        assert operation.state == OperationState.SUCCEEDED, log_of(operation)
        assert eventually(lambda: before not in node.envproxies() and len(pods(cluster)) == 1), node.log()
    assert len(node.envproxies()) == 1
    assert statuses.keys() == {200} and statuses[200] > 50, statuses


def test_a_crashed_program_is_started_again(deployed: WorkspaceProvider, cluster: Cluster, node: RunningNode) -> None:
    (before,) = node.envproxies()
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        (pod,) = pods(cluster)
        (container,) = pod.status.container_statuses
        return container.restart_count == 1 and is_ready(pod)

    assert eventually(is_back), node.log()
    assert before not in node.envproxies()
    assert node.ask("sydney") == 200


def test_an_image_that_is_not_there_fails_the_deploy_and_leaves_the_old_process(
    deployed: WorkspaceProvider, cluster: Cluster, node: RunningNode, actor: Actor, settings: Any
) -> None:
    soon(settings, DEPLOY_TIMEOUT=8)
    image = {"envproxy_image": "broken/envproxy:1"}
    update_provider(actor=actor, provider=deployed, revision=deployed.revision, changes=image)
    before = node.envproxies()
    operation = done(request_deploy(actor=actor, provider=deployed))
    assert operation.state == OperationState.FAILED
    assert "broken/envproxy:1" in operation.error_text
    assert node.envproxies() == before
    assert node.ask("sydney") == 200


def test_a_killed_node_leaves_no_process(deployed: WorkspaceProvider, node: RunningNode) -> None:
    assert node.envproxies()
    node.process.kill()
    assert eventually(lambda: not node.envproxies())


def test_a_node_that_comes_back_runs_the_same_pod_again(
    deployed: WorkspaceProvider, cluster: Cluster, node: RunningNode
) -> None:
    (pod,) = pods(cluster)
    node.process.kill()
    node.process.wait()
    with running_node(node.state, [cluster]) as again:
        assert eventually(lambda: again.ask("sydney") == 200), again.log()
        assert [one.metadata.uid for one in pods(cluster)] == [pod.metadata.uid]


def test_a_node_that_was_stopped_leaves_the_cluster_as_it_was(cluster: Cluster, node: RunningNode) -> None:
    node.process.terminate()
    assert node.process.wait(20) == 0
    with api_client(cluster.kubeconfig) as api:
        core = client.CoreV1Api(api)
        assert node.name not in [one.metadata.name for one in core.list_node().items]
        left = core.list_namespaced_pod("kube-system", field_selector=f"metadata.name={node.name}-placeholder").items
        assert [pod for pod in left if not pod.metadata.deletion_timestamp] == []


@pytest.fixture
def namesake(cluster: Cluster) -> Iterator[None]:
    """An Ingress for the same host in another namespace of the cluster, where the node runs nothing."""
    backend = {"service": {"name": "envproxy", "port": {"name": "http"}}}
    paths = [{"path": "/proxy/", "pathType": "Prefix", "backend": backend}]
    rules = [{"host": "sydney.localhost", "http": {"paths": paths}}]
    metadata = {"name": "envproxy", "labels": {"app.kubernetes.io/name": "envproxy"}}
    with fresh_namespace(cluster.kubeconfig) as other, api_client(cluster.kubeconfig) as api:
        ingress = {"metadata": metadata, "spec": {"rules": rules}}
        client.NetworkingV1Api(api).create_namespaced_ingress(other, ingress)
        yield


@pytest.mark.usefixtures("namesake", "deployed")
def test_only_ingresses_of_its_namespaces_count(node: RunningNode) -> None:
    assert node.ask("sydney") == 200
