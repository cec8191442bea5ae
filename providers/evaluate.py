"""The one rule that turns evidence into a status (DESIGN 4).

Page, API, command line and timeline show what `evaluate` said, and nothing else decides a status.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from providers.addresses import is_same_origin
from providers.choices import ProviderStatus
from providers.kube.evidence import Evidence

FAILURES_TO_ERROR = 2  # DESIGN 4: one failed check never turns Ready into Error
BEAT_GRACE = timedelta(seconds=60)  # four beats of 15 s


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that the rule looks at. `failed_checks` counts those in a row before this evidence.

    `reported_access_url` is the one that envproxy said it is set to, `answering_urls` those at which we answer;
    `refusal` is a sentence that says why its beats are refused, if we know that they must be.
    """

    has_credential: bool
    was_deployed: bool
    status: ProviderStatus
    failed_checks: int
    evidence: Evidence | None
    last_beat_at: datetime | None
    now: datetime
    reported_access_url: str = ""
    answering_urls: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`reason` and `message` are empty for a Ready provider; `check_failed` says whether the evidence was bad."""

    status: ProviderStatus
    reason: str = ""
    message: str = ""
    check_failed: bool = False


def evaluate(facts: Facts) -> Verdict:
    """Pure: the same facts give the same verdict."""
    if not facts.has_credential:
        return Verdict(status=ProviderStatus.PENDING, reason="waiting_for_enrolment")
    if facts.evidence is None:
        return Verdict(status=facts.status, reason="" if facts.status == ProviderStatus.READY else "not_deployed")
    reason, message = _trouble(facts, facts.evidence)
    if not reason:
        return Verdict(status=ProviderStatus.READY)
    return Verdict(status=_status(facts), reason=_shown_reason(facts, reason), message=message, check_failed=True)


def _trouble(facts: Facts, evidence: Evidence) -> tuple[str, str]:
    """Causes before what follows from them: who calls an address that is no longer ours falls silent."""
    if evidence.reason:
        return evidence.reason, evidence.message
    if _is_outdated(facts):
        current = facts.answering_urls[0]
        return "access_url_outdated", f"It calls {facts.reported_access_url}; this deployment is at {current}."
    if is_silent(facts.last_beat_at, now=facts.now):
        return (
            "beat_silent",
            f"The last beat came at {facts.last_beat_at:%Y-%m-%d %H:%M:%S} UTC. {facts.refusal}".strip(),
        )
    if evidence.url_answer and not evidence.url_answer.answers:
        return "envproxy_unreachable", evidence.url_answer.problem
    return "", ""


def _is_outdated(facts: Facts) -> bool:
    """A provider on an old access URL that is still accepted is fine; before the first beat nothing is known."""
    if not facts.last_beat_at or not facts.reported_access_url or not facts.answering_urls:
        return False
    return not any(is_same_origin(facts.reported_access_url, url) for url in facts.answering_urls)


def is_silent(last_beat_at: datetime | None, *, now: datetime) -> bool:
    return last_beat_at is not None and now - last_beat_at > BEAT_GRACE


def _status(facts: Facts) -> ProviderStatus:
    if not facts.was_deployed:
        return ProviderStatus.PENDING
    if facts.status == ProviderStatus.READY and facts.failed_checks + 1 < FAILURES_TO_ERROR:
        return ProviderStatus.READY
    return ProviderStatus.ERROR


def _shown_reason(facts: Facts, reason: str) -> str:
    never_deployed = reason == "release_missing" and not facts.was_deployed
    return "not_deployed" if never_deployed else reason
