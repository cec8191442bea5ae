"""Watching: claim what is due, collect evidence, store what the rule says."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from coderadmin.encryption import UndecryptableError
from providers.access_urls import answering_urls
from providers.choices import ChangeKind, ProviderStatus
from providers.evaluate import Facts, Verdict, evaluate, is_silent
from providers.kube.blocking import collect_many_now
from providers.kube.errors import Reason
from providers.kube.evidence import Evidence
from providers.kube.probe import CONCURRENCY, CheckRequest
from providers.models import StatusChange, WorkspaceProvider
from providers.services.targets import target_of
from providers.services.tokens import why_envproxy_is_refused

logger = logging.getLogger(__name__)

BATCH = 25  # one batch occupies one worker thread for at most the time-out of a check
DOUBTFUL_BATCH = CONCURRENCY  # all at the same time, so that the silent ones of a sweep cost one thread
MOST_BATCHES = 40
VERBS_EVERY = timedelta(minutes=10)  # DESIGN 4: access reviews are asked seldom


def claim_due_providers() -> list[list[UUID]]:
    """Batches of providers whose check is due, each claimed by this caller alone. One query a batch.

    Those whose last check failed come last and apart: a silent cluster occupies a worker thread until the time-out,
    and no batch of live ones shall.
    """
    return [*_claim(limit=BATCH, doubtful=False), *_claim(limit=DOUBTFUL_BATCH, doubtful=True)]


def _claim(*, limit: int, doubtful: bool) -> Iterator[list[UUID]]:
    for _ in range(MOST_BATCHES):
        batch = WorkspaceProvider.objects.claim_due(
            now=timezone.now(), interval=settings.CHECK_INTERVAL, limit=limit, doubtful=doubtful
        )
        if not batch:
            return
        yield batch


def check_providers(ids: Sequence[UUID]) -> None:
    """Check these at the same time and store each outcome as it comes; providers that are gone are passed over."""
    providers = {
        provider.pk: provider for provider in WorkspaceProvider.objects.filter(pk__in=ids).select_related("credential")
    }
    requests = list(_requests(providers.values()))
    timeout = settings.CHECK_TIMEOUT.total_seconds()
    for provider_id, evidence in collect_many_now(requests, deadline=timeout):
        store_evidence(providers[UUID(str(provider_id))], evidence)


def _requests(providers: Iterable[WorkspaceProvider]) -> Iterable[CheckRequest]:
    now = timezone.now()
    for provider in providers:
        try:
            target = target_of(provider)
        except UndecryptableError as error:
            store_evidence(provider, _unreadable(str(error)))
            continue
        if target is not None:
            verbs_due = provider.verbs_checked_at is None or now - provider.verbs_checked_at > VERBS_EVERY
            yield CheckRequest(
                key=provider.pk,
                target=target,
                expects_release=provider.is_remote,
                check_verbs=verbs_due,
                known_revision=provider.release_values_revision,
                envproxy_url=provider.served_envproxy_access_url if provider.last_beat_at else "",
            )


def _unreadable(message: str) -> Evidence:
    return Evidence(
        checked_at=timezone.now(), duration_ms=0, reachable=False, reason="credential_unreadable", message=message
    )


def store_evidence(provider: WorkspaceProvider, evidence: Evidence) -> None:
    """Apply the rule under a lock to `provider` as it was when it was checked.

    Evidence older than what is stored, of a deleted provider, or from before an edit is dropped.
    """
    with transaction.atomic():
        row = WorkspaceProvider.objects.select_for_update(of=("self",)).filter(pk=provider.pk).first()
        if row is None or row.revision != provider.revision or _is_overtaken(row, evidence):
            return
        verdict = evaluate(_facts(row, evidence))
        if verdict.status != row.status:
            _note_change(row, verdict)
            row.status, row.status_since = verdict.status, timezone.now()
        row.reason, row.message = verdict.reason, verdict.message
        _store_facts(row, evidence, verdict)
        row.save(update_fields=CHECK_FIELDS)


def _is_overtaken(row: WorkspaceProvider, evidence: Evidence) -> bool:
    """A stored moment in the future comes from a clock that was wrong, and overtakes nothing."""
    return row.last_check_at is not None and evidence.checked_at < row.last_check_at <= timezone.now()


CHECK_FIELDS = [
    "status", "status_since", "reason", "message", "next_check_at", "last_check_at", "last_check_ms", "failed_checks",
    "failing_since", "verbs_checked_at", "evidence", "kubernetes_version", "chart_version", "release_revision",
    "deployed_at", "storage_classes", "release_values", "release_values_revision",
]  # fmt: skip


def _facts(row: WorkspaceProvider, evidence: Evidence) -> Facts:
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
        answering_urls=answering_urls().answering if row.last_beat_access_url else (),
        refusal=why_envproxy_is_refused(row) if is_silent(row.last_beat_at, now=now) else "",
    )


def _store_facts(row: WorkspaceProvider, evidence: Evidence, verdict: Verdict) -> None:
    row.last_check_at, row.last_check_ms = evidence.checked_at, evidence.duration_ms
    row.evidence = evidence.to_json()
    row.kubernetes_version = evidence.kubernetes_version or row.kubernetes_version
    if evidence.denied == ():  # a denial is asked about again by the next check, until it is gone
        row.verbs_checked_at = evidence.checked_at
    if evidence.storage_classes is not None:
        row.storage_classes = list(evidence.storage_classes)
    if evidence.release:
        row.chart_version, row.release_revision = evidence.release.chart_version, evidence.release.revision
    _store_release_values(row, evidence)
    if verdict.check_failed:
        row.failed_checks += 1
        row.failing_since = row.failing_since or evidence.checked_at
    else:
        row.failed_checks, row.failing_since = 0, None
    if verdict.status == ProviderStatus.READY and row.deployed_at is None:
        row.deployed_at = timezone.now()
    wait = settings.CHECK_INTERVAL / 3 if row.failed_checks == 1 else settings.CHECK_INTERVAL  # confirm a doubt soon
    row.next_check_at = timezone.now() + wait


def _store_release_values(row: WorkspaceProvider, evidence: Evidence) -> None:
    if evidence.reason == Reason.RELEASE_MISSING:
        row.release_values, row.release_values_revision = {}, None
    elif evidence.release and evidence.release_values is not None:
        row.release_values = evidence.release_values
        row.release_values_revision = evidence.release.deployed_revision


def _note_change(row: WorkspaceProvider, verdict: Verdict) -> None:
    StatusChange.objects.create(
        provider=row,
        kind=ChangeKind.STATUS,
        old=row.status,
        new=verdict.status,
        reason=verdict.reason,
        message=verdict.message,
    )
    logger.info("provider %s: %s → %s (%s)", row.pk, row.status, verdict.status, verdict.reason or "fine")
