"""Deploying with real Helm, on the sandbox and on every real cluster."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from organizations.models import User
from providers.access_urls import access_url
from providers.choices import OperationState, ProviderStatus
from providers.helm.gateway import deploy, history, status
from providers.helm.release import HelmError, HelmErrorCode, Release
from providers.models import EnvproxyToken, WorkspaceProvider
from providers.release_diff import Difference
from providers.services import deploying, request_delete, request_deploy, update_provider
from providers.services.checking import check_providers
from providers.services.running import run_operation
from providers.services.values import release_drift, release_values
from providers.target import ClusterTarget
from tests.clusters import Cluster, FaultyCluster
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
    assert provider.deployed_revision == provider.release_values_revision == 1
    assert provider.deployed_values["envproxy"]["accessURL"] == "http://sydney.testserver/proxy"
    assert "token" not in provider.deployed_values["envproxy"]
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
    pods, late = operation.error_text.index("broken/envproxy:1"), operation.error_text.index("Not ready after")
    assert pods < late, "the cause comes first"
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.READY, provider.message
    assert (provider.deployed_revision, provider.release_values_revision) == (1, 3)
    drift = release_drift(provider, access_url=access_url())
    assert [each.key for each in drift.undeployed] == ["envproxy.image"]
    assert drift.by_hand is None, "the roll-back put our own values back"
    assert status(target) is not None
    assert [release.status for release in history(target)][-1] == "deployed"
    assert EnvproxyToken.objects.filter(provider=provider, expires_at=None).count() == 1, "the failed attempt's ends"


def test_what_another_helm_changes_is_noticed_and_a_redeploy_puts_ours_back(cluster: Cluster, actor: Actor) -> None:
    target = target_in(cluster.kubeconfig, cluster.namespace)
    provider = register_on(actor, target)
    done(request_deploy(actor=actor, provider=provider))
    provider.refresh_from_db()
    assert release_drift(provider, access_url=access_url()).next_deploy == []

    theirs = release_values(provider, token="cap_canary") | {"ssh": {"enable": False}}
    theirs["envproxy"]["replicas"] = 2
    deploy(target, theirs, timeout_s=60, on_line=lambda _: None, cancelled=bool)
    check_providers([provider.pk])
    provider.refresh_from_db()
    drift = release_drift(provider, access_url=access_url())
    assert drift.by_hand is not None
    assert drift.by_hand.revision == 2
    assert drift.by_hand.differences == [
        Difference("envproxy.replicas", 2, 1),
        Difference("ssh.enable", False, True),
    ]
    assert drift.undeployed == []
    assert "cap_canary" not in str(provider.release_values)

    operation = done(request_deploy(actor=actor, provider=provider))
    assert operation.state == OperationState.SUCCEEDED, log_of(operation)
    provider.refresh_from_db()
    assert release_drift(provider, access_url=access_url()).next_deploy == []


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


def test_the_token_of_a_release_in_force_stays_whatever_fails_after_helm(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(ids: Any) -> None:
        raise RuntimeError

    release = Release(name="x", namespace="coder", revision=4, status="deployed", chart_version="0.1.0")
    monkeypatch.setattr(deploying, "deploy", lambda *_, **__: release)
    monkeypatch.setattr(deploying, "preflight_provider", lambda run: None)
    monkeypatch.setattr(deploying, "check_providers", fail)
    operation = make_operation()
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert operation.error_code == "unexpected"
    assert EnvproxyToken.objects.get(minted_by=operation).expires_at is None


class TestWhatALostWorkerLeft:
    """It is put right by whoever takes over, also where that one does not deploy."""

    LOST = {"state": "running", "lease_expires_at": timezone.now() - timedelta(seconds=1)}

    @pytest.fixture
    def restored(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        asked = list[str]()

        def restore(target: Any, **_: Any) -> str:
            asked.append(target.namespace)
            return "Revision 3 is deployed again."

        monkeypatch.setattr(deploying, "restore", restore)
        return asked

    @pytest.mark.parametrize(
        ("fields", "end"),
        [
            ({"attempts": 1, "cancel_requested": True}, ("cancelled", "")),
            ({"attempts": 3}, ("failed", "worker_lost")),
        ],
    )
    def test_when_it_is_cancelled_or_given_up(self, restored: list[str], fields: Any, end: Any) -> None:
        operation = make_operation(**self.LOST, **fields)
        token = EnvproxyToken.objects.create(provider=operation.provider, digest="lost", minted_by=operation)
        run_operation(operation.pk)
        operation.refresh_from_db()
        token.refresh_from_db()
        assert (operation.state, operation.error_code) == end
        assert len(restored) == 1
        assert "Revision 3 is deployed again." in log_of(operation)
        assert token.expires_at is not None

    def test_when_the_pre_flight_refuses(self, restored: list[str]) -> None:
        operation = make_operation(make_provider(cluster_address="https://127.0.0.1:1"), attempts=1, **self.LOST)
        run_operation(operation.pk)
        operation.refresh_from_db()
        assert operation.error_code == "preflight_failed"
        assert "nothing was changed" not in operation.error_text
        assert len(restored) == 1

    def test_but_not_when_that_lost_a_worker_too(self, restored: list[str]) -> None:
        operation = make_operation(attempts=4, **self.LOST)
        run_operation(operation.pk)
        operation.refresh_from_db()
        assert (operation.error_code, restored) == ("worker_lost", [])


def test_a_slow_look_at_the_pods_holds_up_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def drop_by_drop(*_: object) -> str:
        await asyncio.sleep(60)
        return "never"

    monkeypatch.setattr(deploying, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(deploying, "deployment_progress", drop_by_drop)
    target = ClusterTarget(address="https://slow.invalid", namespace="coder")
    with pytest.raises(TimeoutError):
        asyncio.run(deploying._look_at_envproxy(target))


def test_after_a_lost_worker_a_deploy_that_can_not_succeed_ends_soon(
    cluster: Cluster, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a deploy may take that nobody interrupted: by default five minutes."""
    monkeypatch.setattr(deploying, "RESUMED_PATIENCE", timedelta(seconds=6))
    target = target_in(cluster.kubeconfig, cluster.namespace)
    provider = register_on(actor, target, envproxy_image="broken/envproxy:1")
    operation = request_deploy(actor=actor, provider=provider)
    lost = {"attempts": 1, "state": OperationState.RUNNING, "lease_expires_at": timezone.now() - timedelta(seconds=1)}
    type(operation).objects.filter(pk=operation.pk).update(**lost)
    operation = done(operation)
    assert operation.state == OperationState.FAILED
    assert "Not ready after 6 s" in operation.error_text


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


def test_a_provider_whose_cluster_is_gone_is_deleted_without_asking_it(
    faulty_cluster: FaultyCluster, actor: Actor
) -> None:
    provider = register_on(actor, target_in(faulty_cluster.kubeconfig, faulty_cluster.namespace))
    faulty_cluster.fault("unreachable")
    assert done(request_delete(actor=actor, provider=provider)).error_code == "uninstall_failed"
    operation = done(request_delete(actor=actor, provider=provider, leave_release=True))
    assert operation.state == OperationState.SUCCEEDED, operation.error_text
    assert not WorkspaceProvider.objects.exists()
    assert "helm uninstall coder-workspace-provider" in operation.lines.get(level="warning").remedy
