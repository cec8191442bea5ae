"""Registers the fleet of the check benchmark: `python -m benchmarks.fleet` with its description as JSON on stdin.

Every live provider is a namespace of a sandbox cluster with what a check of a healthy one reads there: a Helm release
(a Secret with Helm's labels; its payload is never read by a check) and an available Deployment `envproxy`. They are
applied rather than installed, since 180 runs of Helm would take longer than the benchmark.
"""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from providers.kube.client import KubeClient, connect, namespaced
from providers.kube.kubeconfig import parse_kubeconfig
from providers.kube.probe import ENVPROXY, RELEASE_NAME
from providers.target import ClusterTarget

AT_ONCE = 8  # namespaces
DEPLOYED_SECONDS = 30


def main(description: dict[str, Any]) -> None:
    import django

    django.setup()
    from benchmarks.seed import make_person

    live = list(_live_targets([Path(path) for path in description["kubeconfigs"]], description["live"]))
    asyncio.run(_prepare_clusters(live))
    dead = [
        replace(live[0], address=description[kind], namespace=f"{kind}-{number}")
        for kind in ("refused", "silent")
        for number in range(description["dead"] // 2)
    ]
    make_person()
    _register("live", live)
    _register("dead", dead)


def _live_targets(kubeconfigs: list[Path], count: int) -> list[ClusterTarget]:
    """Namespaces, dealt out to the clusters in turn."""
    parsed = [parse_kubeconfig(path.read_text()) for path in kubeconfigs]
    in_turn = (parsed[number % len(parsed)] for number in range(count))
    return [each.target(each.current_context, f"fleet-{number}") for number, each in enumerate(in_turn)]


async def _prepare_clusters(targets: list[ClusterTarget]) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def prepare(target: ClusterTarget) -> None:
        async with slots, asyncio.timeout(DEPLOYED_SECONDS), connect(target) as client:
            await _deploy(client)

    async with asyncio.TaskGroup() as group:
        for target in targets:
            group.create_task(prepare(target))


async def _deploy(client: KubeClient) -> None:
    target = client.target
    await client.create("/api/v1/namespaces", _object("v1", "Namespace", target.namespace))
    while await client.get_or_none(namespaced(target, "v1", "serviceaccounts", "default")) is None:
        await asyncio.sleep(0.05)
    labels = {"owner": "helm", "name": RELEASE_NAME, "version": "1", "status": "deployed"}
    release = _object("v1", "Secret", f"sh.helm.release.v1.{RELEASE_NAME}.v1", labels)
    await client.create(namespaced(target, "v1", "secrets"), release | {"type": "helm.sh/release.v1"})
    await client.create(namespaced(target, "apps/v1", "deployments"), _envproxy())
    path = namespaced(target, "apps/v1", "deployments", ENVPROXY)
    while not (await client.get(path)).get("status", {}).get("availableReplicas"):
        await asyncio.sleep(0.2)


def _object(api_version: str, kind: str, name: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "labels": labels or {}}}


def _envproxy() -> dict[str, Any]:
    app = {"app": ENVPROXY}
    pod = {"metadata": {"labels": app}, "spec": {"containers": [{"name": ENVPROXY, "image": "envproxy"}]}}
    labels = {"helm.sh/chart": "workspace-provider-0.1.0"}
    spec = {"replicas": 1, "selector": {"matchLabels": app}, "template": pod}
    return _object("apps/v1", "Deployment", ENVPROXY, labels) | {"spec": spec}


def _register(kind: str, targets: list[ClusterTarget]) -> None:
    """As Ready providers that nobody checks yet."""
    from django.utils import timezone

    from providers.choices import CredentialKind, ProviderStatus
    from providers.models import ClusterCredential, WorkspaceProvider

    for number, target in enumerate(targets):
        name = f"{kind}-{number}"
        provider = WorkspaceProvider.objects.create(
            name=name,
            hostname=f"http://{name}.testserver",
            cluster_address=target.address,
            namespace=target.namespace,
            credential_kind=CredentialKind.FIELDS,
            status=ProviderStatus.READY,
            deployed_at=timezone.now(),
        )
        ClusterCredential.objects.create(provider=provider, token=target.token, ca_pem=target.ca_pem)


if __name__ == "__main__":
    main(json.load(sys.stdin))
