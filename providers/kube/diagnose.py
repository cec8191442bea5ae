"""Why a workload is not ready, and how far it is."""

from collections.abc import Iterable, Mapping

from providers.kube.client import KubeClient, connect, namespaced
from providers.kube.document import Json
from providers.kube.errors import Forbidden, shorten
from providers.kube.listing import list_all
from providers.kube.pods import claims, condition, explain_pod, is_pending
from providers.target import ClusterTarget

CLAIMS = "persistentvolumeclaims"
MOST_CLAIMS = 10  # each is a request; envproxy has none
SENTENCE_LIMIT = 1000  # characters: a message of the cluster's own, and the names around it


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
    names = sorted({claim for pod in pods if is_pending(pod) for claim in claims(pod)})[:MOST_CLAIMS]
    found = {each: await client.get_or_none(namespaced(target, "v1", CLAIMS, each)) for each in names}
    return explain(deployment, pods, found, await read_warnings(client))


def explain(
    deployment: Json, pods: list[Json], found_claims: Mapping[str, Json | None], warnings: Iterable[Json]
) -> list[str]:
    """Sentences why pods are not ready, from what was read before. `warnings` come from `read_warnings`.

    Each is one line that can be stored and shown, whatever the cluster puts into names.
    """
    sentences = [*_explain_creation(deployment, pods, warnings)]
    for pod in pods:
        sentences += [*explain_pod(pod, warnings), *_explain_claims(found_claims, pod, warnings)]
    if has_no_progress(deployment):
        name = deployment["metadata"]["name"]
        sentences.append(f"The Deployment {name} has made no progress for its whole deadline.")
    return list(dict.fromkeys(shorten(sentence, SENTENCE_LIMIT) for sentence in sentences))


def has_no_progress(deployment: Json) -> bool:
    return condition(deployment, "Progressing").get("reason") == "ProgressDeadlineExceeded"


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
        left = total - updated
        return f"{left} old {'replica' if left == 1 else 'replicas'} still stopping"
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


def _explain_claims(found: Mapping[str, Json | None], pod: Json, warnings: Iterable[Json]) -> list[str]:
    sentences = []
    for name in filter(found.__contains__, claims(pod) if is_pending(pod) else ()):
        claim = found[name]
        if claim is None:
            sentences.append(f"The volume claim {name} is not there.")
        elif claim.get("status", {}).get("phase") != "Bound":
            sentences.append(f"The volume claim {name} is not bound: {_last_message(name, warnings)}")
    return sentences


def _last_message(name: str, warnings: Iterable[Json]) -> str:
    about = [each for each in warnings if each.get("involvedObject", {}).get("name") == name]
    return shorten(about[-1].get("message", "")) if about else "no volume has been provided for it yet."


async def read_warnings(client: KubeClient) -> list[Json]:
    """The namespace's events of type Warning, oldest first; none when we may not read them."""
    path = namespaced(client.target, "v1", "events")
    try:
        events = await list_all(client, path, query={"fieldSelector": "type=Warning"})
    except Forbidden:
        return []
    warnings = [event for event in events if event.get("type") == "Warning"]
    return sorted(warnings, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
