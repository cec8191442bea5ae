from typing import Any

import pytest

from providers.kube.environment_state import Observation, judge, needs_explanation

NAME = "env-dev-0"
BOUND = {"metadata": {"name": NAME}, "status": {"phase": "Bound"}}


def make_deployment(*, replicas: int = 1, generation: int = 2, observed: int = 2, **status: Any) -> dict[str, Any]:
    counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 0} | status
    return {
        "metadata": {"name": NAME, "generation": generation},
        "spec": {"replicas": replicas},
        "status": {"observedGeneration": observed} | counts,
    }


def make_pod(state: dict[str, Any] | None = None, *, phase: str = "Pending", **metadata: Any) -> dict[str, Any]:
    container = {"name": "environment", "image": "base:1", "ready": False, "state": state or {}}
    spec = {"volumes": [{"persistentVolumeClaim": {"claimName": NAME}}]}
    return {
        "metadata": {"name": f"{NAME}-x"} | metadata,
        "spec": spec,
        "status": {"phase": phase, "containerStatuses": [container]},
    }


def waiting(reason: str) -> dict[str, Any]:
    return make_pod({"waiting": {"reason": reason, "message": "because"}})


def condition(kind: str, status: str, reason: str, message: str = "") -> list[dict[str, str]]:
    return [{"type": kind, "status": status, "reason": reason, "message": message}]


def judged(
    deployment: dict[str, Any] | None, *pods: dict[str, Any], claim: dict[str, Any] | None = BOUND
) -> Observation:
    return judge(NAME, deployment, pods, claim, [])


def test_it_is_on_when_the_pod_of_today_is_available() -> None:
    assert judged(make_deployment(availableReplicas=1), make_pod(phase="Running")) == Observation(state="on")


@pytest.mark.parametrize(
    "reason",
    ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CrashLoopBackOff"],
)
def test_it_has_failed_when_it_cannot_come_up_by_itself(reason: str) -> None:
    seen = judged(make_deployment(), waiting(reason))
    assert seen.state == "failed"
    assert seen.problems


def test_it_has_failed_when_its_program_ended_with_an_error() -> None:
    seen = judged(make_deployment(), make_pod({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}))
    assert seen == Observation(
        state="failed", problems=("The container environment stopped, exit code 137 (OOMKilled).",)
    )


def test_it_has_failed_when_admission_refuses_its_pod() -> None:
    refusal = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"'
    none = make_deployment(
        replicas=1, updatedReplicas=0, conditions=condition("ReplicaFailure", "True", "FailedCreate", refusal)
    )
    none["status"]["replicas"] = 0
    assert judged(none) == Observation(state="failed", problems=(f"No pod can be created: {refusal}",))


def test_a_pod_that_waits_for_a_node_is_on_its_way_until_the_deadline() -> None:
    pod = make_pod()
    pod["status"]["conditions"] = condition("PodScheduled", "False", "Unschedulable", "0/3 nodes: no cpu")
    assert judged(make_deployment(), pod) == Observation(
        state="creating", problems=("No node takes the pod: 0/3 nodes: no cpu",)
    )
    late = make_deployment(conditions=condition("Progressing", "False", "ProgressDeadlineExceeded"))
    seen = judged(late, pod)
    assert (seen.state, len(seen.problems)) == ("failed", 2)


def test_a_claim_that_waits_for_its_volume_is_told() -> None:
    unbound = {"metadata": {"name": NAME}, "status": {"phase": "Pending"}}
    seen = judged(make_deployment(), make_pod(), claim=unbound)
    assert seen.state == "creating"
    assert f"The volume claim {NAME} is not bound" in seen.problems[0]


@pytest.mark.parametrize(
    "status",
    [
        {"observed": 1},  # the change is not noticed yet
        {"updatedReplicas": 0},  # the pod of before is still there
    ],
)
def test_the_troubles_of_the_template_before_are_not_told(status: dict[str, int]) -> None:
    stale = make_deployment(conditions=condition("Progressing", "False", "ProgressDeadlineExceeded"), **status)
    assert judged(stale, waiting("ImagePullBackOff")) == Observation(state="creating")


def test_a_pod_on_its_way_out_is_no_failure() -> None:
    leaving = waiting("ImagePullBackOff")
    leaving["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    evicted = make_pod({"terminated": {"exitCode": 137}}, phase="Failed")
    assert judged(make_deployment(), leaving, evicted).state == "creating"


def test_it_is_off_once_no_pod_runs() -> None:
    off = make_deployment(replicas=0, updatedReplicas=0)
    assert judged(off, make_pod(phase="Running")).state == "on"
    assert judged(off, waiting("ImagePullBackOff")) == Observation(state="off")
    assert judged(off) == Observation(state="off")


def test_a_home_that_is_gone_is_told_while_it_is_off() -> None:
    seen = judged(make_deployment(replicas=0), claim=None)
    assert (seen.state, "the home is lost" in seen.problems[0]) == ("off", True)


def test_without_a_deployment_it_is_missing() -> None:
    leaving = make_deployment(availableReplicas=1)
    leaving["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    assert [judged(None).state, judged(leaving).state] == ["missing", "missing"]


def test_events_are_read_only_for_what_is_in_trouble() -> None:
    calm = [None, make_deployment(replicas=0), make_deployment(availableReplicas=1), make_deployment(observed=1)]
    assert not any(needs_explanation(each) for each in calm)
    assert needs_explanation(make_deployment())
