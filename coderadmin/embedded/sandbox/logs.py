"""The log of a container: nothing runs here, so it tells what became of the container."""

from coderadmin.embedded.sandbox.call import Call
from coderadmin.embedded.sandbox.errors import bad_request, not_found
from coderadmin.embedded.sandbox.store import Object, Store


def container_log(store: Store, call: Call) -> str:
    """The text of GET pods/NAME/log; 400 while the container waits or when its name is needed."""
    pod = store.get(call.key)
    if pod is None:
        raise not_found(call.resource, call.name)
    container = _container_name(pod, call.query.get("container", ""))
    state = _state(pod, container)
    if state is None or "waiting" in state:
        raise bad_request(f'container "{container}" in pod "{call.name}" is waiting to start: {_reason(state)}')
    lines = _lines(container, state)
    tail = call.query.get("tailLines")
    kept = lines[-int(tail) :] if tail and int(tail) else lines if tail is None else []
    return "".join(f"{line}\n" for line in kept)


def _container_name(pod: Object, wanted: str) -> str:
    names = [container["name"] for container in pod["spec"]["containers"]]
    pod_name = pod["metadata"]["name"]
    if wanted and wanted not in names:
        raise bad_request(f"container {wanted} is not valid for pod {pod_name}")
    if not wanted and len(names) > 1:
        raise bad_request(f"a container name must be specified for pod {pod_name}, choose one of: [{' '.join(names)}]")
    return wanted or str(names[0])


def _state(pod: Object, container: str) -> Object | None:
    statuses = pod["status"].get("containerStatuses", [])
    return next((one["state"] for one in statuses if one["name"] == container), None)


def _reason(state: Object | None) -> str:
    reason = state["waiting"]["reason"] if state else "ContainerCreating"
    return "trying and failing to pull image" if reason == "ImagePullBackOff" else str(reason)


def _lines(container: str, state: Object) -> list[str]:
    since = (state.get("running") or state["terminated"])["startedAt"]
    lines = [f"{since} {container}: started", f"{since} {container}: this is a sandbox, no program runs here"]
    if ended := state.get("terminated"):
        lines.append(f"{ended['finishedAt']} {container}: ended with exit code {ended['exitCode']}")
    return lines
