"""Service accounts, their tokens, and what Roles and bindings let them do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kubernetes import client

from tests.clusters import Cluster, api_client, eventually
from tests.contract.manifests import make_config_map, refusal

RBAC = "rbac.authorization.k8s.io"
READ_CONFIG = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}


@contextmanager
def _as_token(cluster: Cluster, token: str) -> Iterator[client.ApiClient]:
    with api_client(cluster.kubeconfig) as admin:
        configuration = client.Configuration()
        configuration.host = admin.configuration.host
        configuration.ssl_ca_cert = admin.configuration.ssl_ca_cert
        configuration.api_key = {"authorization": f"Bearer {token}", "BearerToken": f"Bearer {token}"}
        with client.ApiClient(configuration) as connected:
            yield connected


def _token(core: client.CoreV1Api, namespace: str, seconds: int = 600) -> str:
    request = {"spec": {"audiences": [], "expirationSeconds": seconds}}
    return core.create_namespaced_service_account_token("robot", namespace, request).status.token


@pytest.fixture
def robot(core: client.CoreV1Api, cluster: Cluster) -> Iterator[client.ApiClient]:
    """The API as the service account `robot` reaches it; nothing is allowed to it yet."""
    core.create_namespaced_service_account(cluster.namespace, {"metadata": {"name": "robot"}})
    with _as_token(cluster, _token(core, cluster.namespace)) as connected:
        yield connected


def _grant(rbac: client.RbacAuthorizationV1Api, namespace: str, *rules: dict[str, Any]) -> None:
    rbac.create_namespaced_role(namespace, {"metadata": {"name": "robot"}, "rules": list(rules)})
    subject = {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}
    reference = {"kind": "Role", "name": "robot", "apiGroup": RBAC}
    binding = {"metadata": {"name": "robot"}, "subjects": [subject], "roleRef": reference}
    rbac.create_namespaced_role_binding(namespace, binding)


def _may(api: client.ApiClient, namespace: str, verb: str, resource: str, **more: str) -> bool:
    spec = {"resourceAttributes": {"namespace": namespace, "verb": verb, "resource": resource, **more}}
    review = client.AuthorizationV1Api(api).create_self_subject_access_review({"spec": spec})
    return bool(review.status.allowed)


def test_nothing_is_allowed_without_a_binding(robot: client.ApiClient, namespace: str) -> None:
    status = refusal(lambda: client.CoreV1Api(robot).list_namespaced_config_map(namespace))
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        f'configmaps is forbidden: User "system:serviceaccount:{namespace}:robot" cannot list resource "configmaps" '
        f'in API group "" in the namespace "{namespace}"'
    )


def test_a_role_allows_its_verbs_in_its_namespace(
    robot: client.ApiClient, rbac: client.RbacAuthorizationV1Api, namespace: str
) -> None:
    _grant(rbac, namespace, READ_CONFIG)
    core = client.CoreV1Api(robot)
    assert eventually(lambda: _may(robot, namespace, "list", "configmaps"))
    assert core.list_namespaced_config_map(namespace).items is not None
    assert refusal(lambda: core.create_namespaced_config_map(namespace, make_config_map("one")))["code"] == 403
    assert refusal(lambda: core.list_namespaced_config_map("default"))["code"] == 403


def test_access_reviews_tell_the_same(
    robot: client.ApiClient, rbac: client.RbacAuthorizationV1Api, namespace: str
) -> None:
    named = {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["*"], "resourceNames": ["web"]}
    _grant(rbac, namespace, READ_CONFIG, named)
    assert eventually(lambda: _may(robot, namespace, "get", "configmaps"))
    assert not _may(robot, namespace, "delete", "configmaps")
    assert not _may(robot, "default", "get", "configmaps")
    scale = {"group": "apps", "subresource": "scale"}
    assert _may(robot, namespace, "patch", "deployments", name="web", **scale)
    assert not _may(robot, namespace, "patch", "deployments", name="other", **scale)
    assert not _may(robot, namespace, "patch", "deployments", name="web", group="apps")


def test_the_admin_may_everything(api: client.ApiClient, namespace: str) -> None:
    assert _may(api, namespace, "delete", "nodes")


def test_a_rules_review_lists_what_is_allowed(
    robot: client.ApiClient, rbac: client.RbacAuthorizationV1Api, namespace: str
) -> None:
    _grant(rbac, namespace, READ_CONFIG)
    assert eventually(lambda: _may(robot, namespace, "get", "configmaps"))
    review = client.AuthorizationV1Api(robot).create_self_subject_rules_review({"spec": {"namespace": namespace}})
    listed = [rule for rule in review.status.resource_rules if "configmaps" in (rule.resources or [])]
    assert set(listed[0].verbs) == {"get", "list"}


def test_nobody_hands_on_what_he_does_not_have(
    robot: client.ApiClient, rbac: client.RbacAuthorizationV1Api, namespace: str
) -> None:
    _grant(rbac, namespace, READ_CONFIG, {"apiGroups": [RBAC], "resources": ["roles"], "verbs": ["create"]})
    assert eventually(lambda: _may(robot, namespace, "create", "roles", group=RBAC))
    own = client.RbacAuthorizationV1Api(robot)
    more = {"metadata": {"name": "more"}, "rules": [READ_CONFIG | {"verbs": ["delete"]}]}
    status = refusal(lambda: own.create_namespaced_role(namespace, more))
    assert status["code"] == 403
    assert "attempting to grant RBAC permissions not currently held" in status["message"]
    assert own.create_namespaced_role(namespace, {"metadata": {"name": "same"}, "rules": [READ_CONFIG]})


def test_an_unknown_token_is_refused(cluster: Cluster) -> None:
    with _as_token(cluster, "nobody") as api:
        status = refusal(lambda: client.CoreV1Api(api).list_namespaced_config_map(cluster.namespace))
    assert (status["code"], status["reason"]) == (401, "Unauthorized")


def test_a_token_ends_with_its_service_account(core: client.CoreV1Api, robot: client.ApiClient, namespace: str) -> None:
    core.delete_namespaced_service_account("robot", namespace)

    def status() -> int:
        return int(refusal(lambda: client.CoreV1Api(robot).list_namespaced_config_map(namespace))["code"])

    assert eventually(lambda: status() == 401)


@pytest.mark.usefixtures("robot")
def test_a_token_secret_is_filled(core: client.CoreV1Api, cluster: Cluster) -> None:
    annotations = {"kubernetes.io/service-account.name": "robot"}
    manifest = {
        "metadata": {"name": "robot-key", "annotations": annotations},
        "type": "kubernetes.io/service-account-token",
    }
    core.create_namespaced_secret(cluster.namespace, manifest)
    read = lambda: core.read_namespaced_secret("robot-key", cluster.namespace).data or {}  # noqa: E731
    assert eventually(lambda: {"token", "ca.crt", "namespace"} <= read().keys())


def test_a_role_reference_cannot_be_changed(
    robot: client.ApiClient, rbac: client.RbacAuthorizationV1Api, namespace: str
) -> None:
    _grant(rbac, namespace, READ_CONFIG)
    change = {"roleRef": {"kind": "Role", "name": "other", "apiGroup": RBAC}}
    assert refusal(lambda: rbac.patch_namespaced_role_binding("robot", namespace, change))["code"] == 422


def test_a_subject_without_a_namespace_is_of_the_bindings(
    robot: client.ApiClient, rbac: client.RbacAuthorizationV1Api, namespace: str
) -> None:
    rbac.create_namespaced_role(namespace, {"metadata": {"name": "r"}, "rules": [READ_CONFIG]})
    reference = {"kind": "Role", "name": "r", "apiGroup": RBAC}
    subjects = [{"kind": "ServiceAccount", "name": "robot"}]
    rbac.create_namespaced_role_binding(
        namespace, {"metadata": {"name": "r"}, "subjects": subjects, "roleRef": reference}
    )
    assert eventually(lambda: _may(robot, namespace, "get", "configmaps"))


def test_a_token_is_given_for_ten_minutes_at_least(
    robot: client.ApiClient, core: client.CoreV1Api, namespace: str
) -> None:
    assert refusal(lambda: _token(core, namespace, seconds=5))["code"] == 422
