from typing import Any

import pytest

from providers.kube.diagnose import progress
from providers.kube.pods import explain_pod


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "envproxy-1"}, "spec": {}, "status": status}


def container(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "envproxy", "image": "example/envproxy:2", "ready": False, "state": state} | fields


def explained(thing: dict[str, Any], warnings: list[dict[str, Any]] | None = None) -> str:
    return " ".join(explain_pod(thing, warnings or []))


def test_a_crash_loop_is_told_with_its_exit_code() -> None:
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    text = explained(pod(containerStatuses=[container(waiting, lastState=last, restartCount=4)]))
    assert text == "The container envproxy keeps crashing, exit code 137 (OOMKilled), 4 restarts."


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull", "InvalidImageName"])
def test_an_image_that_cannot_be_pulled_is_named(reason: str) -> None:
    text = explained(pod(containerStatuses=[container({"waiting": {"reason": reason, "message": "no such tag"}})]))
    assert "example/envproxy:2" in text
    assert "no such tag" in text


def test_an_unschedulable_pod_gives_the_words_of_the_scheduler() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes: no cpu"}
    assert "0/3 nodes: no cpu" in explained(pod(phase="Pending", conditions=[condition]))


def test_a_failing_probe_is_told_by_the_last_event_of_that_pod() -> None:
    warnings = [
        {"reason": "Unhealthy", "involvedObject": {"name": "envproxy-1"}, "message": "Readiness probe failed: 503"},
        {"reason": "Unhealthy", "involvedObject": {"name": "other"}, "message": "not ours"},
    ]
    text = explained(pod(phase="Running", containerStatuses=[container({"running": {}})]), warnings)
    assert "Readiness probe failed: 503" in text
    assert "not ours" not in text


def test_a_missing_secret_and_an_eviction_are_told() -> None:
    missing = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "token" not found'}}
    assert 'secret "token" not found' in explained(pod(containerStatuses=[container(missing)]))
    assert "low on memory" in explained(pod(phase="Failed", reason="Evicted", message="The node was low on memory"))


def test_a_ready_pod_and_one_on_its_way_out_are_no_trouble() -> None:
    assert not explained(pod(conditions=[{"type": "Ready", "status": "True"}]))
    leaving = pod(containerStatuses=[container({"terminated": {"exitCode": 143}})])
    leaving["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    assert not explained(leaving)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"observedGeneration": 1}, "waiting for the cluster to notice the change"),
        ({"observedGeneration": 2, "updatedReplicas": 1, "replicas": 2}, "1 of 2 replicas updated"),
        ({"observedGeneration": 2, "updatedReplicas": 2, "replicas": 3}, "1 old replica still stopping"),
        (
            {"observedGeneration": 2, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 1},
            "1 of 2 replicas available",
        ),
        (
            {"observedGeneration": 2, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2},
            "all 2 replicas available",
        ),
    ],
)
def test_progress_is_told_in_replicas(status: dict[str, int], expected: str) -> None:
    assert progress({"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status}) == expected
