import json
from datetime import UTC, datetime

import pytest

from providers.kube.evidence import EnvproxyFacts, Evidence, ReleaseFacts

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
        ),
        Evidence(checked_at=MOMENT, duration_ms=1, reachable=True, denied=()),
    ],
)
def test_evidence_survives_a_json_column(evidence: Evidence) -> None:
    assert Evidence.from_json(json.loads(json.dumps(evidence.to_json()))) == evidence
