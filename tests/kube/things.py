"""What tests put into a cluster, through our own client."""

import asyncio
import base64
import gzip
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from providers.kube.client import KubeClient, connect, namespaced
from providers.kube.permissions import Permission
from providers.target import ClusterTarget
from tests.clusters import eventually

T = TypeVar("T")
RELEASE = "coder-workspace-provider"


def with_client(target: ClusterTarget, work: Callable[[KubeClient], Awaitable[T]]) -> T:
    async def scenario() -> T:
        async with connect(target) as client:
            return await work(client)

    return asyncio.run(scenario())


def put(target: ClusterTarget, group_version: str, resource: str, *things: dict[str, Any]) -> None:
    """Create objects of one resource in the target's namespace."""

    async def create(client: KubeClient) -> None:
        for thing in things:
            assert await client.create(namespaced(target, group_version, resource), thing) is not None

    with_client(target, create)


def read(target: ClusterTarget, group_version: str, resource: str, name: str = "") -> dict[str, Any] | None:
    return with_client(target, lambda client: client.get_or_none(namespaced(target, group_version, resource, name)))


def forbid_pods(target: ClusterTarget) -> None:
    """By a quota, which a real cluster holds to only once its controller has counted what is there."""
    put(target, "v1", "resourcequotas", {"metadata": {"name": "small"}, "spec": {"hard": {"pods": "0"}}})
    assert eventually(lambda: "hard" in (read(target, "v1", "resourcequotas", "small") or {}).get("status", {}))


def make_envproxy(*, image: str = "example/envproxy:1", replicas: int = 1, **metadata: Any) -> dict[str, Any]:
    labels = {"app": "envproxy", "helm.sh/chart": "workspace-provider-0.1.0"}
    container = {"name": "envproxy", "image": image, "resources": {"requests": {"cpu": "10m"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "envproxy", "labels": labels} | metadata,
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "envproxy"}},
            "template": {"metadata": {"labels": {"app": "envproxy"}}, "spec": {"containers": [container]}},
        },
    }


def make_revision(
    revision: int, status: str, *, chart: str = "workspace-provider", config: object = None
) -> dict[str, Any]:
    """The Secret that Helm would write; `config` are the values that were given."""
    metadata = {"name": chart, "version": "0.1.0"}
    release = {"name": RELEASE, "version": revision, "chart": {"metadata": metadata}, "config": config}
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    labels = {"owner": "helm", "name": RELEASE, "version": str(revision), "status": status, "modifiedAt": "1790000000"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "helm.sh/release.v1",
        "metadata": {"name": f"sh.helm.release.v1.{RELEASE}.v{revision}", "labels": labels},
        "data": {"release": base64.b64encode(packed).decode()},
    }


def as_account(target: ClusterTarget, name: str, permissions: Iterable[Permission]) -> ClusterTarget:
    """The same place with the token of a new service account that has just these permissions."""
    group = "rbac.authorization.k8s.io"
    role = {"metadata": {"name": name}, "rules": [permission.rule() for permission in permissions]}
    binding = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": target.namespace}],
    }
    put(target, "v1", "serviceaccounts", {"metadata": {"name": name}})
    put(target, f"{group}/v1", "roles", role)
    put(target, f"{group}/v1", "rolebindings", binding)
    return replace(target, token=_token(target, name), client_certificate_pem="", client_key_pem="")


def _token(target: ClusterTarget, name: str) -> str:
    path = namespaced(target, "v1", "serviceaccounts", name) + "/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    answer = with_client(target, lambda client: client.ask(path, body))
    return str(answer["status"]["token"])
