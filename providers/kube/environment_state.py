"""What state an environment is in, from what its cluster says about it: pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from providers.kube.diagnose import explain, has_no_progress
from providers.kube.document import Json
from providers.kube.pods import condition, is_failing

State = Literal["on", "off", "creating", "failed", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """`problems` are sentences for people; most are there while the state is creating or failed.

    creating → on, failed   failed by itself never ends but by becoming on
    on ⇄ off                off once no pod runs any longer
    missing                 the Deployment is not there, whatever else is
    """

    state: State
    problems: tuple[str, ...] = ()


def judge(
    name: str, deployment: Json | None, pods: Sequence[Json], claim: Json | None, warnings: Sequence[Json]
) -> Observation:
    """The verdict on the environment whose objects are called `name`."""
    if deployment is None:
        return Observation(state="missing", problems=(f"The Deployment {name} is not there.",))
    if deployment["metadata"].get("deletionTimestamp"):
        return Observation(state="missing", problems=(f"The Deployment {name} is being deleted.",))
    if deployment["spec"].get("replicas") == 0:
        return _off(name, pods, claim)
    if is_up(deployment):
        return Observation(state="on")
    if not _is_settled(deployment):
        return Observation(state="creating")
    problems = tuple(explain(deployment, list(pods), {name: claim}, warnings))
    return Observation(state="failed" if _has_failed(deployment, pods) else "creating", problems=problems)


def needs_explanation(deployment: Json | None) -> bool:
    """Whether `judge` looks at warnings."""
    if deployment is None or deployment["metadata"].get("deletionTimestamp"):
        return False
    return deployment["spec"].get("replicas") != 0 and not is_up(deployment) and _is_settled(deployment)


def is_up(deployment: Json) -> bool:
    """Whether a pod of today's template is available."""
    updated, available = (_status(deployment, key) for key in ("updatedReplicas", "availableReplicas"))
    return _is_settled(deployment) and 0 < updated <= available


def _off(name: str, pods: Sequence[Json], claim: Json | None) -> Observation:
    if any(pod.get("status", {}).get("phase") == "Running" for pod in pods):
        return Observation(state="on", problems=("Its pod is still stopping.",))
    if claim is None:
        return Observation(state="off", problems=(f"The volume claim {name} is not there: the home is lost.",))
    return Observation(state="off")


def _is_settled(deployment: Json) -> bool:
    """Whether status and pods are of today's template. Until then they tell the troubles of the one before."""
    is_noticed = _status(deployment, "observedGeneration") >= deployment["metadata"].get("generation", 0)
    return is_noticed and _status(deployment, "replicas") <= _status(deployment, "updatedReplicas")


def _has_failed(deployment: Json, pods: Sequence[Json]) -> bool:
    is_refused = condition(deployment, "ReplicaFailure").get("status") == "True"
    return is_refused or has_no_progress(deployment) or any(is_failing(pod) for pod in pods)


def _status(deployment: Json, key: str) -> int:
    number = deployment.get("status", {}).get(key, 0)
    if not isinstance(number, int):
        raise ValueError(f"{key} is no number")
    return number
