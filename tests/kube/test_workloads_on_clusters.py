from dataclasses import replace
from typing import Any

from providers.kube.blocking import run
from providers.kube.cleanup import find_leftovers
from providers.kube.client import namespaced
from providers.kube.diagnose import deployment_progress, explain_workload
from providers.kube.namespaces import ensure_namespace, namespace_exists
from providers.kube.permissions import Permission
from providers.target import ClusterTarget
from tests.clusters import eventually
from tests.kube.things import RELEASE, as_account, forbid_pods, make_envproxy, make_revision, put, with_client


def explained(target: ClusterTarget) -> str:
    return " ".join(run(explain_workload(target, "envproxy")))


def test_a_workload_that_runs_needs_no_explanation(target: ClusterTarget) -> None:
    put(target, "apps/v1", "deployments", make_envproxy(replicas=2))
    assert eventually(lambda: run(deployment_progress(target, "envproxy")) == "all 2 replicas available")
    assert explained(target) == ""


def test_an_image_that_cannot_be_pulled_is_named(target: ClusterTarget) -> None:
    put(target, "apps/v1", "deployments", make_envproxy(image="example/broken:7"))
    assert eventually(lambda: "The image example/broken:7 cannot be pulled" in explained(target))
    assert run(deployment_progress(target, "envproxy")) == "0 of 1 replicas available"


def test_a_quota_that_is_used_up_is_told(target: ClusterTarget) -> None:
    forbid_pods(target)
    put(target, "apps/v1", "deployments", make_envproxy())
    assert eventually(lambda: "quota of the namespace is used up" in explained(target))


def test_a_missing_service_account_is_told(target: ClusterTarget) -> None:
    deployment = make_envproxy()
    deployment["spec"]["template"]["spec"]["serviceAccountName"] = "nobody"
    put(target, "apps/v1", "deployments", deployment)
    assert eventually(lambda: "nobody" in explained(target))


def test_a_pod_that_no_node_takes_is_told(target: ClusterTarget) -> None:
    deployment = make_envproxy()
    deployment["spec"]["template"]["spec"]["nodeSelector"] = {"example.com/no-such": "node"}
    put(target, "apps/v1", "deployments", deployment)
    assert eventually(lambda: "No node takes the pod" in explained(target))


def test_a_volume_claim_that_is_not_there_is_told(target: ClusterTarget) -> None:
    deployment = make_envproxy()
    volume: dict[str, Any] = {"name": "home", "persistentVolumeClaim": {"claimName": "no-such-claim"}}
    deployment["spec"]["template"]["spec"]["volumes"] = [volume]
    put(target, "apps/v1", "deployments", deployment)
    assert eventually(lambda: "no-such-claim" in explained(target))


def test_nothing_and_zero_replicas_are_told(target: ClusterTarget) -> None:
    assert "is not there" in explained(target)
    assert run(deployment_progress(target, "envproxy")) == "not created yet"
    put(target, "apps/v1", "deployments", make_envproxy(replicas=0))
    assert "scaled to 0" in explained(target)


def test_leftovers_are_what_is_ours_and_nothing_else(target: ClusterTarget) -> None:
    managed = "app.kubernetes.io/managed-by"
    ours = {"metadata": {"name": "home", "labels": {managed: "coderadmin"}}}
    of_release = {"labels": {managed: "Helm"}, "annotations": {"meta.helm.sh/release-name": RELEASE}}
    of_other = {"labels": {managed: "Helm"}, "annotations": {"meta.helm.sh/release-name": "nginx"}}
    put(target, "v1", "configmaps", ours, {"metadata": {"name": "theirs"}})
    put(
        target,
        "v1",
        "serviceaccounts",
        {"metadata": {"name": "envs"} | of_release},
        {"metadata": {"name": "x"} | of_other},
    )
    memory = make_revision(1, "deployed")
    put(target, "v1", "secrets", memory)
    left = run(find_leftovers(target))
    assert set(left.objects) == {"configmaps/home", "serviceaccounts/envs", f"secrets/{memory['metadata']['name']}"}
    assert left.unseen == ()


def test_leftovers_say_what_could_not_be_seen(target: ClusterTarget) -> None:
    account = as_account(target, "blind", [Permission("", "pods", ("list",))])
    assert eventually(lambda: "pods" not in run(find_leftovers(account)).unseen)
    assert "secrets" in run(find_leftovers(account)).unseen


def test_a_namespace_is_made_once(target: ClusterTarget) -> None:
    fresh = replace(target, namespace=f"{target.namespace}-new")
    assert run(namespace_exists(fresh)) is False
    assert [run(ensure_namespace(fresh)), run(ensure_namespace(fresh))] == [True, False]
    assert run(namespace_exists(fresh)) is True
    assert with_client(fresh, lambda client: client.delete(f"/api/v1/namespaces/{fresh.namespace}"))


def test_apply_takes_an_object_from_nothing_to_changed(target: ClusterTarget) -> None:
    path = namespaced(target, "v1", "configmaps", "settings")
    for value in ("one", "two"):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"key": value}}
        applied = with_client(target, lambda client, body=body: client.apply(path, body))
        assert applied["data"] == {"key": value}
        assert applied["metadata"]["managedFields"][0]["manager"] == "coderadmin"
