"""The one rule that turns evidence into a status (DESIGN 4).

Page, API, command line and timeline show what `evaluate` said, and nothing else decides a status.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from providers.choices import ProviderStatus
from providers.kube.evidence import Evidence

FAILURES_TO_ERROR = 2  # DESIGN 4: one failed check never turns Ready into Error
BEAT_GRACE = timedelta(seconds=60)  # four beats of 15 s


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that the rule looks at. `failed_checks` counts those in a row before this evidence."""

    has_credential: bool
    was_deployed: bool
    status: ProviderStatus
    failed_checks: int
    evidence: Evidence | None
    last_beat_at: datetime | None
    now: datetime


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
    if evidence.reason:
        return evidence.reason, evidence.message
    if facts.last_beat_at and facts.now - facts.last_beat_at > BEAT_GRACE:
        return "beat_silent", f"The last beat came at {facts.last_beat_at:%Y-%m-%d %H:%M:%S} UTC."
    return "", ""


def _status(facts: Facts) -> ProviderStatus:
    if not facts.was_deployed:
        return ProviderStatus.PENDING
    if facts.status == ProviderStatus.READY and facts.failed_checks + 1 < FAILURES_TO_ERROR:
        return ProviderStatus.READY
    return ProviderStatus.ERROR


def _shown_reason(facts: Facts, reason: str) -> str:
    never_deployed = reason == "release_missing" and not facts.was_deployed
    return "not_deployed" if never_deployed else reason
