"""Why a workload is not ready, and how far it is."""

from collections.abc import Iterable

from providers.kube.client import Json, KubeClient, connect, namespaced
from providers.kube.errors import Forbidden, shorten
from providers.kube.pods import claims, condition, explain_pod
from providers.target import ClusterTarget


async def explain_workload(target: ClusterTarget, deployment: str) -> list[str]:
    """Sentences why pods are not ready, most telling first; empty when all are. Raises `KubeError`."""
    async with connect(target) as client:
        return await explain_deployment(client, deployment)


async def deployment_progress(target: ClusterTarget, deployment: str) -> str:
    """Like “1 of 2 replicas updated”. Raises `KubeError`."""
    async with connect(target) as client:
        found = await client.get_or_none(namespaced(target, "apps/v1", "deployments", deployment))
    return progress(found) if found else "not created yet"


async def explain_deployment(client: KubeClient, name: str) -> list[str]:
    """As `explain_workload`, over an open connection."""
    target = client.target
    deployment = await client.get_or_none(namespaced(target, "apps/v1", "deployments", name))
    if deployment is None:
        return [f"The Deployment {name} is not there."]
    if deployment["spec"].get("replicas") == 0:
        return [f"The Deployment {name} is scaled to 0 replicas."]
    selector = deployment["spec"].get("selector", {}).get("matchLabels") or {}
    query = {"labelSelector": ",".join(f"{key}={value}" for key, value in selector.items())}
    pods = (await client.get(namespaced(target, "v1", "pods"), query=query)).get("items") or []
    warnings = await _warnings(client)
    sentences = [*_explain_creation(deployment, pods, warnings)]
    for pod in pods:
        sentences += [*explain_pod(pod, warnings), *await _explain_claims(client, pod, warnings)]
    if condition(deployment, "Progressing").get("reason") == "ProgressDeadlineExceeded":
        sentences.append(f"The Deployment {name} has made no progress for its whole deadline.")
    return list(dict.fromkeys(sentences))


def progress(deployment: Json) -> str:
    """How far a roll-out is, by the rules of `kubectl rollout status`."""
    spec, status = deployment["spec"], deployment.get("status", {})
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        return "waiting for the cluster to notice the change"
    wanted = spec.get("replicas", 1)
    updated, total, available = (status.get(key, 0) for key in ("updatedReplicas", "replicas", "availableReplicas"))
    if updated < wanted:
        return f"{updated} of {wanted} replicas updated"
    if total > updated:
        return f"{total - updated} old replicas still stopping"
    if available < updated:
        return f"{available} of {wanted} replicas available"
    return f"all {wanted} replicas available"


def _explain_creation(deployment: Json, pods: list[Json], warnings: Iterable[Json]) -> list[str]:
    """Why fewer pods exist than wanted: quota, admission, a missing service account."""
    failure = condition(deployment, "ReplicaFailure")
    if failure.get("status") == "True":
        return [_not_created(failure.get("message", ""))]
    if pods:
        return []
    prefix = deployment["metadata"]["name"] + "-"
    refused = [
        _not_created(event.get("message", ""))
        for event in warnings
        if event.get("reason") == "FailedCreate" and event.get("involvedObject", {}).get("name", "").startswith(prefix)
    ]
    return refused or ["No pod has been created yet."]


def _not_created(message: str) -> str:
    start = "The quota of the namespace is used up" if "exceeded quota" in message else "No pod can be created"
    return f"{start}: {shorten(message or 'no details given')}"


async def _explain_claims(client: KubeClient, pod: Json, warnings: Iterable[Json]) -> list[str]:
    if pod.get("status", {}).get("phase") != "Pending":
        return []
    sentences = []
    for name in claims(pod):
        claim = await client.get_or_none(namespaced(client.target, "v1", "persistentvolumeclaims", name))
        if claim is None:
            sentences.append(f"The volume claim {name} is not there.")
        elif claim.get("status", {}).get("phase") != "Bound":
            sentences.append(f"The volume claim {name} is not bound: {_last_message(name, warnings)}")
    return sentences


def _last_message(name: str, warnings: Iterable[Json]) -> str:
    about = [each for each in warnings if each.get("involvedObject", {}).get("name") == name]
    return shorten(about[-1].get("message", "")) if about else "no volume has been provided for it yet."


async def _warnings(client: KubeClient) -> list[Json]:
    """The namespace's events of type Warning, oldest first; none when we may not read them."""
    path = namespaced(client.target, "v1", "events")
    try:
        events = (await client.get(path, query={"fieldSelector": "type=Warning"})).get("items") or []
    except Forbidden:
        return []
    warnings = [event for event in events if event.get("type") == "Warning"]
    return sorted(warnings, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
