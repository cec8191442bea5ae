"""The kubelet: pods start, run, fail to pull their image, end, and go away, each after a short while."""

import zlib
from typing import Any

from coderadmin.embedded.sandbox.controllers import conditions
from coderadmin.embedded.sandbox.controllers.context import Context
from coderadmin.embedded.sandbox.controllers.mounts import missing_variable, missing_volume
from coderadmin.embedded.sandbox.controllers.outside import awaits_binding, runs_outside
from coderadmin.embedded.sandbox.controllers.scheduling import schedule
from coderadmin.embedded.sandbox.faults import Fault
from coderadmin.embedded.sandbox.store import Key, Object, timestamp

SOURCE = "kubelet"
BROKEN = "broken"


def reconcile(context: Context) -> None:
    for key, pod in list(context.store.items("", "pods")):
        if runs_outside(context.store, pod):
            continue
        if "deletionTimestamp" in pod["metadata"]:
            _stop(context, key, pod)
        elif not pod["spec"].get("nodeName"):
            if context.has_fault(Fault.BROKEN_IMAGE) or not awaits_binding(context.store, pod):
                schedule(context, key, pod)
        elif pod["status"]["phase"] in ("Pending", "Running"):
            _advance(context, key, pod)


def _stop(context: Context, key: Key, pod: Object) -> None:
    uid = pod["metadata"]["uid"]
    if context.is_due(("stop", uid), context.pace.stop) and not pod["metadata"].get("finalizers"):
        context.store.remove(key)


def _advance(context: Context, key: Key, pod: Object) -> None:
    """Take the pod one step further on its way."""
    uid = pod["metadata"]["uid"]
    if "containerStatuses" not in pod["status"]:
        _show(context, key, pod, "Pending", _waiting("ContainerCreating"))
        _tell_pulling(context, pod)
        return
    if not context.is_due(("start", uid), context.pace.start) and pod["status"]["phase"] == "Pending":
        return
    if why := missing_volume(context.store, pod):
        context.event_once(pod, "FailedMount", why, source=SOURCE, warning=True)
        return
    if why := missing_variable(context.store, pod):
        context.event_once(pod, "Failed", f"Error: {why}", source=SOURCE, warning=True)
        _show(context, key, pod, "Pending", _waiting("CreateContainerConfigError", why))
    elif image := _broken_image(context, pod):
        _fail_to_pull(context, key, pod, image)
    else:
        _run(context, key, pod)


def _run(context: Context, key: Key, pod: Object) -> None:
    uid = pod["metadata"]["uid"]
    if pod["status"]["phase"] != "Running" or not conditions.is_true(pod, "Ready"):
        _show(context, key, pod, "Running", {"running": {"startedAt": timestamp()}})
        for container in pod["spec"]["containers"]:
            context.event(pod, "Started", f"Started container {container['name']}", source=SOURCE)
    elif pod["spec"]["restartPolicy"] != "Always" and context.is_due(("run", uid), context.pace.run):
        ended = {"exitCode": 0, "reason": "Completed", "startedAt": pod["status"]["startTime"]}
        _show(context, key, pod, "Succeeded", {"terminated": ended | {"finishedAt": timestamp()}})


def _fail_to_pull(context: Context, key: Key, pod: Object, image: str) -> None:
    message = f'Back-off pulling image "{image}"'
    failure = f'Failed to pull image "{image}": the sandbox has no such image'
    context.event_once(pod, "Failed", failure, source=SOURCE, warning=True)
    context.event_once(pod, "BackOff", message, source=SOURCE)
    _show(context, key, pod, "Pending", _waiting("ImagePullBackOff", message))


def _broken_image(context: Context, pod: Object) -> str:
    """An image of the pod that cannot be pulled, empty when all can."""
    images = [container["image"] for container in pod["spec"]["containers"]]
    if context.has_fault(Fault.BROKEN_IMAGE):
        return str(images[0])
    return next((str(image) for image in images if BROKEN in image), "")


def _waiting(reason: str, message: str = "") -> Object:
    return {"waiting": {"reason": reason} | ({"message": message} if message else {})}


def _tell_pulling(context: Context, pod: Object) -> None:
    for container in pod["spec"]["containers"]:
        context.event(pod, "Pulling", f'Pulling image "{container["image"]}"', source=SOURCE)


def _show(context: Context, key: Key, pod: Object, phase: str, state: Object) -> None:
    """Write the pod's status: its phase, every container in `state`, and the conditions that follow."""
    name = next(iter(state))
    ready, ended = name == "running", name == "terminated"
    why = {"waiting": "ContainersNotReady", "terminated": "PodCompleted"}.get(name, "")
    status: dict[str, Any] = pod["status"] | {"phase": phase}
    status.setdefault("startTime", timestamp())
    if ready or ended:
        status |= {"podIP": _address(pod), "podIPs": [{"ip": _address(pod)}], "hostIP": "127.0.0.1"}
    status["conditions"] = [
        conditions.make(pod, "PodScheduled", True),
        conditions.make(pod, "Initialized", True),
        conditions.make(pod, "ContainersReady", ready, why),
        conditions.make(pod, "Ready", ready, why),
    ]
    status["containerStatuses"] = [_container(pod, one, state, ready) for one in pod["spec"]["containers"]]
    context.set_status(key, pod, status)


def _container(pod: Object, container: Object, state: Object, ready: bool) -> Object:
    shown: Object = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0}
    old = pod["status"].get("containerStatuses", [])
    same = next(
        (one["state"] for one in old if one["name"] == container["name"] and one["state"].keys() == state.keys()), None
    )
    keeps = same is not None and "running" in state
    return shown | {"ready": ready, "started": ready, "lastState": {}, "state": same if keeps else state}


def _address(pod: Object) -> str:
    number = zlib.crc32(pod["metadata"]["uid"].encode())
    return f"10.1.{number // 251 % 251}.{number % 251 + 2}"
