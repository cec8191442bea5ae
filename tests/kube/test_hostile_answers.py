"""Answers that no Kubernetes API would give: each is one provider's trouble and nobody else's."""

import asyncio
import gc
import json
import socket
import ssl
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from providers.kube.errors import shorten
from providers.kube.evidence import Evidence
from providers.kube.probe import PROBLEM_LIMIT, Questions, collect
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.conftest import Look
from tests.kube.servers import VERSION, ApiServer, status

NAMESPACE = "/api/v1/namespaces/coder"
ACTIVE = (200, {"status": {"phase": "Active"}})
LABELS = {"name": "coder-workspace-provider", "version": "3", "status": "deployed", "modifiedAt": "1790000000"}


def answers(*, labels: Any = None, replicas: Any = 1, available: Any = 1, chart: str = "x-0.1.0") -> dict[str, Any]:
    secrets = {"items": [{"metadata": {"name": "s", "labels": LABELS | (labels or {})}}]}
    deployment = {
        "metadata": {"labels": {"helm.sh/chart": chart}},
        "spec": {"replicas": replicas},
        "status": {"availableReplicas": available},
    }
    return {
        "/version": VERSION,
        NAMESPACE: ACTIVE,
        f"{NAMESPACE}/secrets": (200, secrets),
        "/apis/apps/v1/namespaces/coder/deployments/envproxy": (200, deployment),
    }


def is_storable(evidence: Evidence) -> bool:
    """What PostgreSQL's jsonb and our columns take."""
    text = json.dumps(evidence.to_json(), allow_nan=False, ensure_ascii=False)
    words = [evidence.kubernetes_version, evidence.release.chart_version if evidence.release else ""]
    return "\\u0000" not in text and bool(text.encode()) and all(len(word) <= 64 for word in words)


@pytest.mark.parametrize(
    "given",
    [
        {"/version": (200, {"gitVersion": "v1.31.2\x00\ud800" + "x" * 200})},
        {NAMESPACE: (200, {"status": {"phase": "Active\x00" * 100}})},
        answers(labels={"version": "9" * 30}),
        answers(labels={"status": "failed\x00\ud800" * 50}),
        answers(labels={"status": ["deployed"]}),
        answers(chart="x-1.0.0-" + "\x00" * 100),
        answers(available=float("nan")),
        answers(replicas=10**12, available=10**12),
        answers(available="1"),
    ],
)
def test_what_it_says_can_be_stored(look: Look, given: dict[str, Any]) -> None:
    evidence = look(ApiServer(answers() | given), expects_release=True)
    assert is_storable(evidence)


def test_what_it_calls_its_pods_can_be_stored(look: Look) -> None:
    word = "x\x00\ud800" * 1000
    containers = [
        {"name": word, "image": word, "state": {"waiting": {"reason": "ImagePullBackOff", "message": word}}},
        {"name": word, "state": {"terminated": {"exitCode": 1, "reason": word}}},
    ]
    pods = [{"metadata": {"name": word}, "status": {"phase": word, "containerStatuses": containers}}] * 3
    given = {f"{NAMESPACE}/pods": (200, {"items": pods}), f"{NAMESPACE}/events": (200, {"items": []})}
    evidence = look(ApiServer(answers(available=0) | given), expects_release=True)
    assert evidence.envproxy
    assert evidence.envproxy.problem.startswith("The image x x")
    assert len(evidence.envproxy.problem) <= PROBLEM_LIMIT
    assert is_storable(evidence)


@pytest.mark.parametrize("text", ["[-]", "[-] ", "[-]\t \n", "[-]etcd failed\n[+]ping ok"])
def test_a_list_of_checks_in_a_strange_form_is_still_not_ready(look: Look, text: str) -> None:
    refused = status(403, "Forbidden", "no")
    evidence = look(ApiServer({"/version": VERSION, NAMESPACE: status(503, "x"), "/readyz": (500, text), "/": refused}))
    assert evidence.reason == "api_not_ready"


def test_a_message_is_one_line_that_can_be_printed_and_stored() -> None:
    assert shorten("a\x00b\ud800 \u202ec\n\td") == "a b c d"


def silent_after_handshake(context: ssl.SSLContext, listening: socket.socket, ended: threading.Event) -> None:
    """Says nothing after the handshake, not even goodbye."""
    connection, _ = listening.accept()
    with connection, context.wrap_socket(connection, server_side=True):
        ended.wait(10)


def test_a_server_that_never_says_goodbye_leaves_no_open_socket(authority: Authority, tmp_path: Path) -> None:
    context, ended = authority.server_context(tmp_path), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        server = threading.Thread(target=silent_after_handshake, args=[context, listening, ended], daemon=True)
        server.start()
        address = f"https://127.0.0.1:{listening.getsockname()[1]}"
        target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem)
        evidence = asyncio.run(collect(target, Questions(expects_release=False), timeout=2.0))
        gc.collect()
        ended.set()
        server.join()
    assert evidence.reason == "read_timeout"
    assert [str(each.message) for each in caught] == []
