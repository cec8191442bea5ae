"""The life of an environment in tests: apply it, look at it, wait for it."""

from typing import Any

from providers.kube.blocking import run
from providers.kube.environment_objects import EnvironmentSpec
from providers.kube.environments import Observation, apply_environment, observe_environment
from providers.target import ClusterTarget
from tests.clusters import eventually
from tests.kube.things import read


def applied(target: ClusterTarget, spec: EnvironmentSpec) -> list[str]:
    lines: list[str] = []
    run(apply_environment(target, spec, lines.append))
    return lines


def observed(target: ClusterTarget, spec: EnvironmentSpec) -> Observation:
    return run(observe_environment(target, spec.object_name))


def becomes(target: ClusterTarget, spec: EnvironmentSpec, state: str) -> bool:
    return eventually(lambda: observed(target, spec).state == state)


def problems(target: ClusterTarget, spec: EnvironmentSpec) -> str:
    return " ".join(observed(target, spec).problems)


def claim_of(target: ClusterTarget, spec: EnvironmentSpec) -> dict[str, Any]:
    claim = read(target, "v1", "persistentvolumeclaims", spec.object_name)
    assert claim is not None
    return claim
