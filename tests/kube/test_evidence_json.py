import json
from datetime import UTC, datetime

import pytest

from providers.kube.evidence import EnvproxyFacts, Evidence, ReleaseFacts, UrlAnswer

MOMENT = datetime(2026, 11, 22, 12, 30, 1, 500, tzinfo=UTC)
RELEASE = ReleaseFacts(
    name="coder-workspace-provider",
    revision=3,
    status="failed",
    deployed_revision=2,
    chart_version="0.1.0",
    updated=MOMENT,
)


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(checked_at=MOMENT, duration_ms=12, reachable=False, reason="dns_failed", message="No such name."),
        Evidence(
            checked_at=MOMENT,
            duration_ms=40,
            reachable=True,
            kubernetes_version="v1.31.2",
            namespace_phase="Active",
            denied=("create pods",),
            storage_classes=("standard", "fast"),
            release=RELEASE,
            envproxy=EnvproxyFacts(desired=2, available=1, problem="The image x cannot be pulled."),
            url_answer=UrlAnswer(answers=False, problem="sydney.example.com refuses the connection."),
        ),
        Evidence(checked_at=MOMENT, duration_ms=1, reachable=True, denied=()),
    ],
)
def test_evidence_survives_a_json_column(evidence: Evidence) -> None:
    assert Evidence.from_json(json.loads(json.dumps(evidence.to_json()))) == evidence


def test_the_values_of_the_release_are_kept_elsewhere() -> None:
    evidence = Evidence(checked_at=MOMENT, duration_ms=1, reachable=True, release_values={"envproxy": {"replicas": 2}})
    assert "release_values" not in evidence.to_json()
    assert "replicas" not in repr(evidence)
