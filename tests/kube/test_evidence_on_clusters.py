from dataclasses import replace
from typing import Any

import pytest

from providers.kube.blocking import collect_now
from providers.kube.client import namespaced
from providers.kube.evidence import Evidence
from providers.kube.permissions import INSTALL, RUN, Permission
from providers.kube.probe import Questions
from providers.target import ClusterTarget
from tests.clusters import FaultyCluster, eventually
from tests.kube.conftest import target_of
from tests.kube.things import as_account, make_envproxy, make_revision, put, read, with_client


def look(target: ClusterTarget, *, expects_release: bool = True, **questions: Any) -> Evidence:
    return collect_now(target, Questions(expects_release=expects_release, **questions))


def wait_for_envproxy(target: ClusterTarget) -> bool:
    def available() -> bool:
        deployment = read(target, "apps/v1", "deployments", "envproxy") or {}
        return bool(deployment.get("status", {}).get("availableReplicas"))

    return eventually(available)


def test_a_deployed_provider_has_no_reason(target: ClusterTarget) -> None:
    put(target, "v1", "secrets", make_revision(1, "superseded"), make_revision(10, "deployed"))
    put(target, "apps/v1", "deployments", make_envproxy())
    assert wait_for_envproxy(target)
    evidence = look(target, check_verbs=True)
    assert (evidence.reason, evidence.message, evidence.reachable) == ("", "", True)
    assert (evidence.namespace_phase, evidence.denied) == ("Active", ())
    assert evidence.kubernetes_version.startswith("v1.")
    assert evidence.release is not None
    assert (evidence.release.revision, evidence.release.status, evidence.release.deployed_revision) == (
        10,
        "deployed",
        10,
    )
    assert evidence.release.chart_version == "0.1.0"
    assert evidence.envproxy is not None
    assert (evidence.envproxy.desired, evidence.envproxy.available, evidence.envproxy.problem) == (1, 1, "")


def test_the_built_in_provider_needs_no_release(target: ClusterTarget) -> None:
    evidence = look(target, expects_release=False)
    assert (evidence.reason, evidence.release, evidence.envproxy) == ("", None, None)


def test_it_says_release_missing(target: ClusterTarget) -> None:
    assert look(target).reason == "release_missing"


@pytest.mark.parametrize("status", ["failed", "pending-install"])
def test_it_says_release_failed_when_no_revision_is_in_force(target: ClusterTarget, status: str) -> None:
    put(target, "v1", "secrets", make_revision(1, status))
    evidence = look(target)
    assert evidence.reason == "release_failed"
    assert status in evidence.message


def test_a_failed_upgrade_leaves_the_release_in_force(target: ClusterTarget) -> None:
    put(target, "v1", "secrets", make_revision(1, "deployed"), make_revision(2, "failed"))
    put(target, "apps/v1", "deployments", make_envproxy())
    assert wait_for_envproxy(target)
    evidence = look(target)
    assert evidence.release is not None
    assert (evidence.reason, evidence.release.status, evidence.release.deployed_revision) == ("", "failed", 1)


def test_it_says_envproxy_unavailable_and_names_the_image(target: ClusterTarget) -> None:
    put(target, "v1", "secrets", make_revision(1, "deployed"))
    assert look(target).reason == "envproxy_unavailable"
    put(target, "apps/v1", "deployments", make_envproxy(image="example/broken:7"))
    assert eventually(lambda: "example/broken:7" in look(target).message)
    evidence = look(target)
    assert evidence.reason == "envproxy_unavailable"
    assert evidence.envproxy is not None
    assert evidence.envproxy.available == 0


def test_it_says_namespace_missing(target: ClusterTarget) -> None:
    evidence = look(replace(target, namespace="nobody-made-this"))
    assert (evidence.reason, evidence.reachable) == ("namespace_missing", True)


def test_it_says_credential_refused_for_a_token_that_nobody_issued(target: ClusterTarget) -> None:
    stranger = replace(target, token="0" * 48, client_certificate_pem="", client_key_pem="")
    evidence = look(stranger)
    assert (evidence.reason, evidence.reachable) == ("credential_refused", True)


def test_it_says_credential_refused_for_an_anonymous_caller(target: ClusterTarget) -> None:
    anonymous = replace(target, token="", client_certificate_pem="", client_key_pem="")
    assert look(anonymous).reason == "credential_refused"


def test_the_permissions_of_our_list_are_enough(target: ClusterTarget) -> None:
    account = as_account(target, "runner", RUN)
    assert eventually(lambda: look(account, expects_release=False).reason == "")
    evidence = look(account, expects_release=False, check_verbs=True)
    assert (evidence.reason, evidence.denied, evidence.namespace_phase) == ("", (), "Active")


def test_the_storage_classes_are_listed_seldom_and_only_for_those_who_may(target: ClusterTarget) -> None:
    assert look(target, expects_release=False).storage_classes is None
    assert look(target, expects_release=False, check_verbs=True).storage_classes is not None
    account = as_account(target, "runner", RUN)
    assert eventually(lambda: look(account, expects_release=False).reason == "")
    evidence = look(account, expects_release=False, check_verbs=True)
    assert (evidence.reason, evidence.storage_classes) == ("", None)


def test_it_says_verb_denied_and_which(target: ClusterTarget) -> None:
    without_pods = [each for each in INSTALL if each.resource != "pods"]
    account = as_account(target, "limited", [*without_pods, Permission("", "pods", ("get", "list", "watch"))])
    assert eventually(lambda: look(account, expects_release=False).reason == "")
    evidence = look(account, expects_release=False, check_verbs=True)
    assert evidence.reason == "verb_denied"
    assert evidence.denied == ("create pods", "update pods", "patch pods", "delete pods", "deletecollection pods")
    assert "create, update, patch, delete, deletecollection pods" in evidence.message


def test_it_says_verb_denied_when_releases_may_not_be_listed(target: ClusterTarget) -> None:
    account = as_account(target, "blind", [Permission("", "pods", ("list",))])
    evidence = look(account)
    assert (evidence.reason, evidence.namespace_phase) == ("verb_denied", "")
    assert "secrets" in evidence.message


def test_it_says_credential_refused_when_the_account_is_deleted(target: ClusterTarget) -> None:
    account = as_account(target, "fired", RUN)
    assert eventually(lambda: look(account, expects_release=False).reason == "")
    path = namespaced(target, "v1", "serviceaccounts", "fired")
    assert with_client(target, lambda client: client.delete(path))
    assert eventually(lambda: look(account, expects_release=False).reason == "credential_refused")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("unreachable", "connection_refused"),
        ("expired-certificate", "tls_expired"),
        ("wrong-name-certificate", "tls_wrong_name"),
        ("untrusted-certificate", "tls_untrusted"),
        ("revoked-token", "credential_refused"),
        ("not-ready", "api_not_ready"),
        ("old-version", "version_too_old"),
        ("denied-verbs", "verb_denied"),
    ],
)
def test_each_fault_of_the_sandbox_has_its_reason(faulty_cluster: FaultyCluster, fault: str, reason: str) -> None:
    target = target_of(faulty_cluster)
    assert look(target, expects_release=False).reason == ""
    faulty_cluster.fault(fault)
    assert look(target, expects_release=False, check_verbs=True).reason == reason
    faulty_cluster.fault(fault, on=False)
    assert look(target, expects_release=False).reason == ""
