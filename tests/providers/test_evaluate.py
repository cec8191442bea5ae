"""The rule of status: evidence and what was known before."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from providers.choices import ProviderStatus
from providers.evaluate import BEAT_GRACE, Facts, evaluate
from providers.kube.evidence import Evidence, UrlAnswer

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
GOOD = Evidence(checked_at=NOW, duration_ms=12, reachable=True)
BAD = replace(GOOD, reason="tls_expired", message="The certificate expired yesterday.")
READY = Facts(
    has_credential=True,
    was_deployed=True,
    status=ProviderStatus.READY,
    failed_checks=0,
    evidence=GOOD,
    last_beat_at=None,
    now=NOW,
)
PENDING = replace(READY, status=ProviderStatus.PENDING, was_deployed=False)


def test_good_evidence_makes_it_ready_whatever_was_before() -> None:
    for status in ProviderStatus:
        verdict = evaluate(replace(READY, status=status, failed_checks=7))
        assert (verdict.status, verdict.reason, verdict.check_failed) == (ProviderStatus.READY, "", False)


def test_one_failed_check_leaves_it_ready_but_says_so() -> None:
    verdict = evaluate(replace(READY, evidence=BAD))
    assert verdict.status == ProviderStatus.READY
    assert verdict.check_failed
    assert verdict.reason == "tls_expired"


def test_the_second_failed_check_in_a_row_makes_it_an_error_with_its_cause() -> None:
    verdict = evaluate(replace(READY, evidence=BAD, failed_checks=1))
    assert (verdict.status, verdict.reason) == (ProviderStatus.ERROR, "tls_expired")
    assert verdict.message == "The certificate expired yesterday."


def test_an_error_stays_one_while_checks_fail() -> None:
    verdict = evaluate(replace(READY, status=ProviderStatus.ERROR, evidence=BAD, failed_checks=0))
    assert verdict.status == ProviderStatus.ERROR


@pytest.mark.parametrize("failed_checks", [0, 1, 50])
def test_what_was_never_deployed_stays_pending_with_the_cause(failed_checks: int) -> None:
    verdict = evaluate(replace(PENDING, evidence=BAD, failed_checks=failed_checks))
    assert (verdict.status, verdict.reason) == (ProviderStatus.PENDING, "tls_expired")


def test_a_missing_release_means_not_deployed_before_the_first_deployment_and_an_error_after_it() -> None:
    missing = replace(GOOD, reason="release_missing", message="no release")
    assert evaluate(replace(PENDING, evidence=missing)).reason == "not_deployed"
    later = evaluate(replace(READY, evidence=missing, failed_checks=1))
    assert (later.status, later.reason) == (ProviderStatus.ERROR, "release_missing")


def test_without_a_credential_it_waits_for_enrolment() -> None:
    verdict = evaluate(replace(PENDING, has_credential=False, evidence=None))
    assert (verdict.status, verdict.reason) == (ProviderStatus.PENDING, "waiting_for_enrolment")


@pytest.mark.parametrize(("age", "fine"), [(BEAT_GRACE, True), (BEAT_GRACE + timedelta(seconds=1), False)])
def test_a_beat_that_stops_is_noticed_after_the_grace_time(age: timedelta, fine: bool) -> None:
    verdict = evaluate(replace(READY, last_beat_at=NOW - age, failed_checks=1))
    assert verdict.reason == ("" if fine else "beat_silent")
    assert verdict.status == (ProviderStatus.READY if fine else ProviderStatus.ERROR)


def test_a_provider_that_never_beat_is_not_called_silent() -> None:
    assert evaluate(replace(READY, last_beat_at=None)).status == ProviderStatus.READY


def test_trouble_with_the_cluster_is_named_before_a_silent_beat() -> None:
    verdict = evaluate(replace(READY, evidence=BAD, failed_checks=1, last_beat_at=NOW - timedelta(hours=1)))
    assert verdict.reason == "tls_expired"


OLD, NEW = "https://old.example.com", "https://coder.example.com"
REPORTING = replace(READY, last_beat_at=NOW, failed_checks=1)
SILENT_URL = replace(GOOD, url_answer=UrlAnswer(answers=False, problem="https://sydney answers with HTTP 503."))


@pytest.mark.parametrize(
    ("reported", "answering", "fine"),
    [
        (NEW, (NEW,), True),
        ("https://Coder.Example.com:443/", (NEW,), True),
        (OLD, (NEW, OLD), True),
        (OLD, (NEW,), False),
        ("http://coder.example.com", (NEW,), False),
        ("no address at all", (NEW,), False),
        ("", (NEW,), True),
    ],
)
def test_an_access_url_is_fine_as_long_as_it_is_accepted(reported: str, answering: tuple[str, ...], fine: bool) -> None:
    verdict = evaluate(replace(REPORTING, reported_access_url=reported, answering_urls=answering))
    assert verdict.reason == ("" if fine else "access_url_outdated")
    assert verdict.status == (ProviderStatus.READY if fine else ProviderStatus.ERROR)


def test_an_outdated_access_url_is_named_with_the_present_one_and_before_the_silence_that_it_causes() -> None:
    long_ago = replace(REPORTING, last_beat_at=NOW - timedelta(hours=1))
    verdict = evaluate(replace(long_ago, reported_access_url=OLD, answering_urls=(NEW,)))
    assert verdict.reason == "access_url_outdated"
    assert verdict.message == f"It calls {OLD}; this deployment is at {NEW}."


def test_before_the_first_beat_nothing_is_said_about_the_access_url() -> None:
    verdict = evaluate(replace(REPORTING, last_beat_at=None, reported_access_url=OLD, answering_urls=(NEW,)))
    assert verdict.status == ProviderStatus.READY


def test_one_outdated_report_is_no_error_yet() -> None:
    facts = replace(REPORTING, failed_checks=0, reported_access_url=OLD, answering_urls=(NEW,))
    assert evaluate(facts).status == ProviderStatus.READY


def test_a_url_that_does_not_answer_is_an_error_with_its_problem() -> None:
    assert evaluate(replace(REPORTING, evidence=SILENT_URL, failed_checks=0)).status == ProviderStatus.READY
    verdict = evaluate(replace(REPORTING, evidence=SILENT_URL))
    assert (verdict.status, verdict.reason) == (ProviderStatus.ERROR, "envproxy_unreachable")
    assert verdict.message == "https://sydney answers with HTTP 503."


def test_the_url_is_named_after_the_cluster_and_after_a_silent_beat() -> None:
    unavailable = replace(SILENT_URL, reason="envproxy_unavailable")
    assert evaluate(replace(REPORTING, evidence=unavailable)).reason == "envproxy_unavailable"
    silent = replace(REPORTING, evidence=SILENT_URL, last_beat_at=NOW - timedelta(hours=1))
    assert evaluate(silent).reason == "beat_silent"


def test_in_a_hundred_thousand_checks_one_of_twenty_that_fails_alone_is_never_an_error() -> None:
    chance, facts, failures = random.Random(1), READY, 0  # noqa: S311 - of a test
    for _ in range(100_000):
        fails = not facts.failed_checks and chance.random() < 0.05
        verdict = evaluate(replace(facts, evidence=BAD if fails else GOOD))
        assert verdict.status == ProviderStatus.READY
        failures += verdict.check_failed
        facts = replace(READY, failed_checks=int(verdict.check_failed))
    assert failures > 4000
