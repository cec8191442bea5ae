"""What a killed Helm or worker leaves behind, and how the next deploy takes it up."""

import os
import signal
from pathlib import Path

import pytest
from kubernetes import client

from providers.helm import gateway
from providers.helm.process import run_child
from providers.helm.release import RELEASE_NAME, REVISION_LABEL, HelmErrorCode
from tests.clusters import Cluster, api_client
from tests.helm.conftest import Deployer
from tests.helm.manifests import TOKEN, values
from tests.helm.worker import helm_processes, kill_a_worker_in_the_middle, pending_releases, worker_in_the_middle

BROKEN = values(image="broken:1")


def test_after_a_worker_killed_in_an_install_the_next_deploy_succeeds(helm: Deployer, cluster: Cluster) -> None:
    kill_a_worker_in_the_middle(cluster)
    assert helm.statuses() == ["pending-install"]
    assert helm.deploy(values()).status == "deployed"
    assert helm.lines[:2] == [
        "Revision 1 was left pending-install: putting that right first.",
        "No revision ever worked: removing release coder-workspace-provider.",
    ]
    assert helm.statuses() == ["deployed"]


def test_after_a_worker_killed_in_an_upgrade_the_next_deploy_succeeds(helm: Deployer, cluster: Cluster) -> None:
    helm.deploy(values())
    kill_a_worker_in_the_middle(cluster)
    assert helm.statuses() == ["deployed", "pending-upgrade"]
    assert helm.deploy(values()).revision == 4
    assert helm.lines[:3] == [
        "Revision 2 was left pending-upgrade: putting that right first.",
        "Rolling back to revision 1.",
        "Revision 1 is deployed again.",
    ]


def test_what_a_killed_worker_left_is_put_right_without_a_deploy(helm: Deployer, cluster: Cluster) -> None:
    def restore() -> str:
        return gateway.restore(helm.target, on_line=helm.lines.append, check=bool)

    assert restore() == "Nothing was changed."
    kill_a_worker_in_the_middle(cluster)
    assert restore() == "What was installed is removed again."
    assert gateway.status(helm.target) is None
    helm.deploy(values())
    assert restore() == "Nothing was changed."
    kill_a_worker_in_the_middle(cluster)
    assert restore() == "Revision 1 is deployed again."
    assert helm.statuses()[-1] == "deployed"


def test_a_first_install_whose_failure_nobody_undid_is_taken_up(helm: Deployer) -> None:
    request = gateway.request_of("deploy", helm.target, RELEASE_NAME, 1, BROKEN)
    outcome = run_child(request, deadline_s=60, on_line=str, cancelled=bool)
    assert outcome.error and outcome.error.code == HelmErrorCode.TIMED_OUT
    assert helm.statuses() == ["failed"]
    assert helm.deploy(values()).status == "deployed"


def test_a_killed_helm_is_undone_by_its_living_worker(helm: Deployer, cluster: Cluster) -> None:
    killed: list[int] = []

    def kill_when_at_work() -> bool:
        if not killed and pending_releases(cluster):
            killed.extend(helm_processes(os.getpid()))
            os.kill(killed[0], signal.SIGKILL)
        return False

    error = helm.failure(BROKEN, cancelled=kill_when_at_work)
    assert error.code == HelmErrorCode.FAILED
    assert "ended by SIGKILL" in error.message
    assert error.message.endswith("What was installed is removed again.")
    assert gateway.status(helm.target) is None


def test_a_pending_revision_of_another_helm_is_left_alone(helm: Deployer, cluster: Cluster) -> None:
    kill_a_worker_in_the_middle(cluster)
    [secret] = pending_releases(cluster)
    foreign = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": secret.metadata.name, "labels": {REVISION_LABEL: "7"}},
    }
    with api_client(cluster.kubeconfig) as api:
        client.CoreV1Api(api).patch_namespaced_secret(
            secret.metadata.name,
            cluster.namespace,
            foreign,
            field_manager="another",
            force=True,
            _content_type="application/apply-patch+yaml",
        )
    error = helm.failure(values())
    assert error.code == HelmErrorCode.CONFLICT
    assert "Another Helm began with revision 1" in error.message
    assert helm.statuses() == ["pending-install"]


def test_a_failing_listener_ends_helm_at_once(helm: Deployer) -> None:
    class DatabaseGoneError(Exception):
        pass

    def listener(_line: str) -> None:
        raise DatabaseGoneError

    with pytest.raises(DatabaseGoneError):
        gateway.deploy(helm.target, values(), timeout_s=30, on_line=listener, cancelled=bool)
    assert helm_processes(os.getpid()) == []


@pytest.mark.parametrize("moment", ["deploying", "undoing"])
def test_whoever_lost_the_operation_ends_helm_at_once_and_undoes_nothing(
    moment: str, helm: Deployer, cluster: Cluster
) -> None:
    """Another worker may be at work on the release by then."""

    class LostError(Exception):
        pass

    def cancelled() -> bool:
        is_pending = bool(pending_releases(cluster))
        if is_pending if moment == "deploying" else "Cancelled." in helm.lines:
            raise LostError
        return is_pending

    with pytest.raises(LostError):
        helm.deploy(BROKEN, cancelled=cancelled)
    assert helm_processes(os.getpid()) == []


def test_whoever_lost_the_operation_uninstalls_no_further(helm: Deployer) -> None:
    class LostError(Exception):
        pass

    def check() -> None:
        raise LostError

    helm.deploy(values())
    with pytest.raises(LostError):
        gateway.uninstall(helm.target, timeout_s=30, on_line=str, check=check)
    assert helm_processes(os.getpid()) == []
    assert helm.statuses() in (["deployed"], ["uninstalling"])


def test_nothing_secret_is_in_arguments_environment_or_files(helm: Deployer, cluster: Cluster, tmp_path: Path) -> None:
    secrets = [TOKEN, helm.target.token, helm.target.client_key_pem]
    with worker_in_the_middle(cluster, TMPDIR=str(tmp_path)) as (_worker, child):
        seen = _read(child, "cmdline") + _read(child, "environ")
        assert list(tmp_path.iterdir()) == []
    assert "providers.helm.child" in seen and str(tmp_path) in seen
    assert not [secret for secret in secrets if secret and secret in seen]


def _read(process_id: int, name: str) -> str:
    return Path(f"/proc/{process_id}/{name}").read_text(encoding="utf-8", errors="replace")
