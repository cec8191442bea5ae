"""What became of a check: the rule is applied, and what changed is written."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property

from django.conf import settings
from django.db import DataError, transaction
from django.utils import timezone

from providers.access_urls import answering_urls
from providers.choices import ChangeKind, ProviderStatus
from providers.evaluate import Facts, Verdict, evaluate, is_silent
from providers.kube.errors import Reason
from providers.kube.evidence import Evidence, broken
from providers.models import StatusChange, WorkspaceProvider
from providers.querysets import Check
from providers.services.tokens import why_envproxy_is_refused

logger = logging.getLogger(__name__)

# Of an interval: the check after a first failure, and after each further one. A silent cluster is found out by two
# time-outs, and a last one may have begun just before it recovers: with these, an outage is shown within two intervals
# and a recovery within one also then.
CONFIRMED_AFTER, DOWN_AFTER = 1 / 4, 0.45
# All that is written of a check that found nothing new, be it that the cluster is well or that it still is down.
NOTED = {"last_check_at", "last_check_ms", "failed_checks", "next_check_at", "verbs_checked_at"}
FIELDS = [
    "status", "status_since", "reason", "message", "next_check_at", "last_check_at", "last_check_ms", "failed_checks",
    "failing_since", "verbs_checked_at", "evidence", "kubernetes_version", "chart_version", "release_revision",
    "deployed_at", "storage_classes", "release_values", "release_values_revision",
]  # fmt: skip


def store_all(found: Sequence[tuple[WorkspaceProvider, Evidence]]) -> None:
    """Store what was found of each provider as it was when it was checked: in one statement what is nothing new.

    Evidence older than what is stored, of a deleted provider, or from before an edit is dropped. What PostgreSQL can't
    hold is one provider's trouble: the others are stored.
    """
    surroundings = _Surroundings()
    quiet = [
        Check(
            id=row.pk,
            version=row.version,
            at=row.last_check_at,
            duration_ms=row.last_check_ms,
            failed_checks=row.failed_checks,
            next_at=row.next_check_at,
            verbs_at=row.verbs_checked_at,
        )
        for row, evidence in found
        if hasattr(row, "version") and _changes(row, evidence, surroundings) <= NOTED
    ]
    noted = WorkspaceProvider.objects.note_checks(quiet)
    for provider, evidence in found:
        if provider.pk in noted:
            continue
        try:
            _store(provider, evidence, surroundings)
        except (DataError, UnicodeError):
            logger.exception("what was found of provider %s can't be stored", provider.pk)
            _store(provider, broken(evidence.checked_at, evidence.duration_ms), surroundings)


def store_evidence(provider: WorkspaceProvider, evidence: Evidence) -> None:
    """As `store_all`."""
    store_all([(provider, evidence)])


class _Surroundings:
    """What the rule needs beside the provider, read once for a group."""

    @cached_property
    def answering_urls(self) -> tuple[str, ...]:
        return answering_urls().answering


def _store(provider: WorkspaceProvider, evidence: Evidence, surroundings: _Surroundings) -> None:
    """Under a lock, by what the row is now."""
    with transaction.atomic():
        row = WorkspaceProvider.objects.select_for_update(of=("self",)).filter(pk=provider.pk).first()
        if row is None or row.revision != provider.revision or _is_overtaken(row, evidence):
            return
        old = row.status
        row.save(update_fields=_changes(row, evidence, surroundings))
        if row.status != old:
            _note_change(row, old)


def _is_overtaken(row: WorkspaceProvider, evidence: Evidence) -> bool:
    """A stored moment in the future comes from a clock that was wrong, and overtakes nothing."""
    return row.last_check_at is not None and evidence.checked_at < row.last_check_at <= timezone.now()


def _changes(row: WorkspaceProvider, evidence: Evidence, surroundings: _Surroundings) -> set[str]:
    """Applies the rule to `row`, and names the fields that it changed."""
    before = [getattr(row, name) for name in FIELDS]
    row.failed_checks = _failed_before(row, evidence)
    verdict = evaluate(_facts(row, evidence, surroundings))
    if verdict.status != row.status:
        row.status, row.status_since = verdict.status, timezone.now()
    row.reason, row.message = verdict.reason, verdict.message
    _apply_facts(row, evidence, verdict)
    _plan(row, verdict)
    return {name for name, old in zip(FIELDS, before, strict=True) if getattr(row, name) != old}


def _failed_before(row: WorkspaceProvider, evidence: Evidence) -> int:
    """Checks in a row, without the last one if this one began before it had ended: both saw the same moment."""
    if row.last_check_at is None or row.last_check_ms is None:
        return row.failed_checks
    is_another = evidence.checked_at >= row.last_check_at + timedelta(milliseconds=row.last_check_ms)
    return row.failed_checks if is_another else max(0, row.failed_checks - 1)


def _facts(row: WorkspaceProvider, evidence: Evidence, surroundings: _Surroundings) -> Facts:
    now = timezone.now()
    return Facts(
        has_credential=True,
        was_deployed=row.built_in or row.deployed_at is not None,
        status=ProviderStatus(row.status),
        failed_checks=row.failed_checks,
        evidence=evidence,
        last_beat_at=row.last_beat_at,
        now=now,
        reported_access_url=row.last_beat_access_url,
        answering_urls=surroundings.answering_urls if row.last_beat_access_url else (),
        refusal=why_envproxy_is_refused(row) if not evidence.reason and is_silent(row.last_beat_at, now=now) else "",
    )


def _apply_facts(row: WorkspaceProvider, evidence: Evidence, verdict: Verdict) -> None:
    row.last_check_at, row.last_check_ms = evidence.checked_at, evidence.duration_ms
    if not evidence.says_the_same(row.evidence):
        row.evidence = evidence.to_json()
    row.kubernetes_version = evidence.kubernetes_version or row.kubernetes_version
    if evidence.denied == ():  # a denial is asked about again by the next check, until it is gone
        row.verbs_checked_at = evidence.checked_at
    if evidence.storage_classes is not None:
        row.storage_classes = list(evidence.storage_classes)
    if evidence.release:
        row.chart_version, row.release_revision = evidence.release.chart_version, evidence.release.revision
    _apply_release_values(row, evidence)
    if verdict.check_failed:
        row.failed_checks += 1
        row.failing_since = row.failing_since or evidence.checked_at
    else:
        row.failed_checks, row.failing_since = 0, None
    if verdict.status == ProviderStatus.READY and row.deployed_at is None:
        row.deployed_at = timezone.now()


def _plan(row: WorkspaceProvider, verdict: Verdict) -> None:
    """What is well keeps the turn that its claim has planned, which is no further off than an interval; a doubt is
    confirmed soon.

    Those that are down come before an interval is over: they are gathered (`due_batches`), and a recovery is
    to be seen within one.
    """
    now = timezone.now()
    if verdict.check_failed:
        row.next_check_at = now + settings.CHECK_INTERVAL * (CONFIRMED_AFTER if row.failed_checks == 1 else DOWN_AFTER)
    elif row.next_check_at is None or not now < row.next_check_at <= now + settings.CHECK_INTERVAL:
        row.next_check_at = now + settings.CHECK_INTERVAL


def _apply_release_values(row: WorkspaceProvider, evidence: Evidence) -> None:
    if evidence.reason == Reason.RELEASE_MISSING:
        row.release_values, row.release_values_revision = {}, None
    elif evidence.release and evidence.release_values is not None:
        row.release_values = evidence.release_values
        row.release_values_revision = evidence.release.deployed_revision


def _note_change(row: WorkspaceProvider, old: str) -> None:
    StatusChange.objects.create(
        provider=row, kind=ChangeKind.STATUS, old=old, new=row.status, reason=row.reason, message=row.message
    )
    logger.info("provider %s: %s → %s (%s)", row.pk, old, row.status, row.reason or "fine")
