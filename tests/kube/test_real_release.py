"""What real Helm leaves in a cluster is read as it was meant."""

from providers.helm import gateway
from providers.kube.blocking import collect_now, preflight_now, run
from providers.kube.cleanup import find_leftovers
from providers.kube.findings import Level
from providers.kube.probe import Questions
from providers.target import ClusterTarget
from tests.helm.manifests import values

TIMEOUT_S = 40


def test_a_release_of_real_helm_is_evidence_of_health(target: ClusterTarget) -> None:
    for _ in range(2):
        gateway.deploy(target, values(), timeout_s=TIMEOUT_S, on_line=lambda _: None, cancelled=bool)
    evidence = collect_now(target, Questions(expects_release=True, check_verbs=True))
    assert (evidence.reason, evidence.message) == ("", "")
    assert evidence.release is not None
    assert (evidence.release.revision, evidence.release.status, evidence.release.chart_version) == (
        2,
        "deployed",
        "0.1.0",
    )
    assert evidence.release.updated is not None
    expected = values()
    assert expected["envproxy"].pop("token")
    assert evidence.release_values == expected
    assert collect_now(target, Questions(expects_release=True, known_revision=2)).release_values is None

    release = next(each for each in preflight_now(target, needs_ingress=False) if each.code == "release")
    assert (release.level, "Revision 2" in release.detail) == (Level.OK, True)
    assert "deployments/envproxy" in run(find_leftovers(target)).objects

    gateway.uninstall(target, timeout_s=TIMEOUT_S, on_line=lambda _: None)
    assert not [each for each in run(find_leftovers(target)).objects if not each.startswith("pods/")]
    assert collect_now(target, Questions(expects_release=True)).reason == "release_missing"
