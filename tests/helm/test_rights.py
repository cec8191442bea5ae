"""A credential with the rights that providers.kube.permissions lists, and no others, is enough for Helm."""

import base64
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kubernetes import client

from providers.helm.release import HelmErrorCode
from providers.kube.permissions import INSTALL, Permission
from tests.clusters import Cluster, api_client, eventually
from tests.helm.conftest import Deployer
from tests.helm.manifests import values

APPLY = {"field_manager": "tests", "_content_type": "application/apply-patch+yaml"}
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "installer"}
ACCOUNT_OF = {"kubernetes.io/service-account.name": "installer"}


def installer(helm: Deployer, cluster: Cluster, permissions: Iterable[Permission]) -> Deployer:
    """The same cluster through a service account that may do this much in its namespace."""
    with api_client(cluster.kubeconfig) as api:
        core, rbac = client.CoreV1Api(api), client.RbacAuthorizationV1Api(api)
        place = ("installer", cluster.namespace)
        core.patch_namespaced_service_account(*place, manifest("v1", "ServiceAccount"), **APPLY)
        rules = [permission.rule() for permission in permissions]
        rbac_api = "rbac.authorization.k8s.io/v1"
        rbac.patch_namespaced_role(*place, manifest(rbac_api, "Role", rules=rules), **APPLY)
        subject = {"kind": "ServiceAccount", "name": "installer", "namespace": cluster.namespace}
        binding = manifest(rbac_api, "RoleBinding", roleRef=ROLE, subjects=[subject])
        rbac.patch_namespaced_role_binding(*place, binding, **APPLY)
        secret = manifest("v1", "Secret", type="kubernetes.io/service-account-token")
        secret["metadata"]["annotations"] = ACCOUNT_OF
        core.patch_namespaced_secret(*place, secret, **APPLY)
        assert eventually(lambda: "token" in (core.read_namespaced_secret(*place).data or {}))
        token = base64.b64decode(core.read_namespaced_secret(*place).data["token"]).decode()
    return Deployer(replace(helm.target, token=token, client_certificate_pem="", client_key_pem=""))


def manifest(api_version: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "installer"}, **fields}


def test_the_listed_rights_are_enough(helm: Deployer, cluster: Cluster) -> None:
    restricted = installer(helm, cluster, INSTALL)
    assert restricted.deploy(values()).revision == 1
    assert restricted.deploy(values(image="other:2")).revision == 2
    restricted.uninstall()
    assert restricted.statuses() == []


def test_a_missing_right_is_named_and_nothing_stays(helm: Deployer, cluster: Cluster) -> None:
    restricted = installer(helm, cluster, [one for one in INSTALL if one.resource != "ingresses"])
    error = restricted.failure(values())
    assert error.code == HelmErrorCode.CLUSTER
    assert "ingresses" in error.message and "forbidden" in error.message
