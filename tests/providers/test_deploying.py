"""Deploying with real Helm, on the sandbox and on every real cluster."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from organizations.models import User
from providers.choices import OperationState, ProviderStatus
from providers.helm.gateway import history, status
from providers.helm.release import HelmError, HelmErrorCode
from providers.models import EnvproxyToken, WorkspaceProvider
from providers.services import deploying, request_delete, request_deploy, run_operation, update_provider
from tests.clusters import Cluster
from tests.factories import make_operation, make_provider
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


def test_the_tokens_of_a_lost_worker_end_with_the_deploy_that_failed(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise HelmError(HelmErrorCode.FAILED, "it did not work")

    monkeypatch.setattr(deploying, "deploy", fail)
    monkeypatch.setattr(deploying, "preflight_provider", lambda run: None)
    monkeypatch.setattr(deploying, "check_providers", lambda ids: None)
    provider = make_provider()
    rotated = EnvproxyToken.objects.create(provider=provider, digest="of a person")
    operation = make_operation(
        provider, attempts=1, state="running", lease_expires_at=timezone.now() - timedelta(seconds=1)
    )
    lost = EnvproxyToken.objects.create(provider=provider, digest="of the lost worker", minted_by=operation)
    run_operation(operation.pk)
    lost.refresh_from_db()
    rotated.refresh_from_db()
    assert lost.expires_at is not None
    assert rotated.expires_at is None


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
