"""Why a pod is not ready, in sentences: pure functions over what the API says about it."""

from collections.abc import Iterable, Iterator

from providers.kube.document import Json
from providers.kube.errors import shorten

CANNOT_PULL = {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
CANNOT_START = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
FAILING = CANNOT_PULL | CANNOT_START | {"CrashLoopBackOff"}
TEXT_LIMIT = 300  # characters of a cluster's own text in one sentence


def is_ready(pod: Json) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def is_pending(pod: Json) -> bool:
    return bool(pod.get("status", {}).get("phase") == "Pending")


def is_failing(pod: Json) -> bool:
    """Whether it will not come up by itself soon: its image, its start or its program fails."""
    status = pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp") or status.get("phase") in ("Failed", "Succeeded"):
        return False  # another one takes its place
    containers = (*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or []))
    return any(_is_failing(container.get("state") or {}) for container in containers)


def _is_failing(state: Json) -> bool:
    reason = (state.get("waiting") or {}).get("reason", "")
    return reason in FAILING or bool((state.get("terminated") or {}).get("exitCode"))


def condition(thing: Json, kind: str) -> Json:
    """The condition of that type, or an empty one."""
    conditions = thing.get("status", {}).get("conditions") or []
    return next((one for one in conditions if one.get("type") == kind), {})


def explain_pod(pod: Json, warnings: Iterable[Json] = ()) -> Iterator[str]:
    """`warnings` are the namespace's events of type Warning. Nothing for a pod that is ready or on its way out."""
    if is_ready(pod) or pod["metadata"].get("deletionTimestamp"):
        return
    status = pod.get("status", {})
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        yield f"No node takes the pod: {_cut(scheduled.get('message') or scheduled.get('reason'))}"
    if status.get("phase") == "Failed" and status.get("reason"):
        yield f"The pod failed ({status['reason']}): {_cut(status.get('message'))}"
    unhealthy = _unhealthy(pod, warnings)
    for container in (*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])):
        yield from _explain_container(container, unhealthy)


def claims(pod: Json) -> list[str]:
    """Names of the volume claims that the pod mounts."""
    volumes = pod.get("spec", {}).get("volumes") or []
    return [each["persistentVolumeClaim"]["claimName"] for each in volumes if each.get("persistentVolumeClaim")]


def _explain_container(container: Json, unhealthy: str) -> Iterator[str]:
    name, image = container.get("name", ""), container.get("image", "")
    state = container.get("state") or {}
    waiting, terminated = state.get("waiting") or {}, state.get("terminated") or {}
    reason = waiting.get("reason", "")
    if reason in CANNOT_PULL:
        yield f"The image {image} cannot be pulled ({reason}): {_cut(waiting.get('message'))}"
    elif reason == "CrashLoopBackOff":
        last = (container.get("lastState") or {}).get("terminated") or {}
        yield f"The container {name} keeps crashing, {_ending(last)}, {container.get('restartCount', 0)} restarts."
    elif reason in CANNOT_START:
        yield f"The container {name} cannot start ({reason}): {_cut(waiting.get('message'))}"
    elif terminated.get("exitCode"):
        yield f"The container {name} stopped, {_ending(terminated)}."
    elif "running" in state and not container.get("ready"):
        yield f"The container {name} runs, but is not ready{': ' + unhealthy if unhealthy else '.'}"


def _ending(terminated: Json) -> str:
    code, reason = terminated.get("exitCode", "unknown"), terminated.get("reason", "")
    return f"exit code {code}" + (f" ({reason})" if reason and reason != "Error" else "")


def _unhealthy(pod: Json, warnings: Iterable[Json]) -> str:
    name = pod["metadata"]["name"]
    texts = [
        event.get("message")
        for event in warnings
        if event.get("reason") == "Unhealthy" and event.get("involvedObject", {}).get("name") == name
    ]
    return _cut(texts[-1]) if texts else ""


def _cut(text: object) -> str:
    return shorten(str(text or "no details given"), TEXT_LIMIT)
