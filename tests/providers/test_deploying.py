"""Deploying with real Helm, on the sandbox and on every real cluster."""

from typing import Any

import pytest

from audit.models import AuditEvent
from audit.services import Actor
from organizations.models import User
from providers.choices import OperationState, ProviderStatus
from providers.helm.gateway import history, status
from providers.models import EnvproxyToken, WorkspaceProvider
from providers.services import request_delete, request_deploy, update_provider
from tests.clusters import Cluster
from tests.providers.clusters import done, log_of, register_on, soon, target_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def actor(site_manager: User) -> Actor:
    return Actor(user=site_manager)


def test_a_registered_provider_is_ready_after_its_deployment(cluster: Cluster, actor: Actor) -> None:
    target = target_in(cluster.kubeconfig, cluster.namespace)
    provider = register_on(actor, target)
    operation = done(request_deploy(actor=actor, provider=provider))
    assert operation.state == OperationState.SUCCEEDED, log_of(operation)
    provider.refresh_from_db()
    assert (provider.status, provider.reason) == (ProviderStatus.READY, "")
    assert provider.release_revision == 1
    assert provider.kubernetes_version
    assert [change.new for change in provider.status_changes.all()] == ["ready", "pending"]
    outcomes = AuditEvent.objects.filter(action="provider.deploy").values_list("outcome", "actor_name")
    assert set(outcomes) == {("requested", "manager@example.com"), ("succeeded", "manager@example.com")}


def test_a_broken_image_fails_is_rolled_back_and_leaves_the_provider_ready(
    cluster: Cluster, actor: Actor, settings: Any
) -> None:
    target = target_in(cluster.kubeconfig, cluster.namespace)
    provider = register_on(actor, target)
    done(request_deploy(actor=actor, provider=provider))
    soon(settings, DEPLOY_TIMEOUT=8)
    provider.refresh_from_db()
    update_provider(
        actor=actor, provider=provider, revision=provider.revision, changes={"envproxy_image": "broken/envproxy:1"}
    )
    operation = done(request_deploy(actor=actor, provider=WorkspaceProvider.objects.get()))
    assert operation.state == OperationState.FAILED
    assert "broken/envproxy:1" in operation.error_text
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.READY, provider.message
    assert status(target) is not None
    assert [release.status for release in history(target)][-1] == "deployed"
    assert EnvproxyToken.objects.filter(provider=provider, expires_at=None).count() == 1, "the failed attempt's ends"


def test_a_first_deployment_that_fails_leaves_no_release_behind(cluster: Cluster, actor: Actor, settings: Any) -> None:
    soon(settings, DEPLOY_TIMEOUT=6)
    target = target_in(cluster.kubeconfig, cluster.namespace)
    provider = register_on(actor, target, envproxy_image="broken/envproxy:1")
    operation = done(request_deploy(actor=actor, provider=provider))
    assert operation.state == OperationState.FAILED
    assert status(target) is None
    provider.refresh_from_db()
    assert (provider.status, provider.reason) == (ProviderStatus.PENDING, "not_deployed")


def test_deleting_uninstalls_the_release_and_forgets_the_provider(cluster: Cluster, actor: Actor) -> None:
    target = target_in(cluster.kubeconfig, cluster.namespace)
    provider = register_on(actor, target)
    done(request_deploy(actor=actor, provider=provider))
    operation = done(request_delete(actor=actor, provider=provider))
    assert operation.state == OperationState.SUCCEEDED, operation.error_text
    assert status(target) is None
    assert not WorkspaceProvider.objects.exists()
    assert operation.provider_name == "sydney"
    assert "sydney is deleted." in log_of(operation)
