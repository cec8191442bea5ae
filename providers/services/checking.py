"""Watching: claim what is due, collect evidence, have it stored."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q
from django.utils import timezone

from coderadmin.encryption import UndecryptableError
from providers.kube.blocking import collect_many_now
from providers.kube.evidence import Evidence
from providers.kube.probe import CONCURRENCY, CheckRequest, Found
from providers.models import WorkspaceProvider
from providers.querysets import DOWN
from providers.services.storing import store_all, store_evidence
from providers.services.targets import target_of

logger = logging.getLogger(__name__)

# All of a batch at the same time: where most of it is silent, it occupies a worker thread until the time-out.
BATCH, BATCH_OF_DOWN = CONCURRENCY, 500
MOST_BATCHES = 40
SWEEP = timedelta(seconds=1)  # between two sweeps
MESSAGE_SECONDS = 5  # the next sweeps send others for what is still due
GATHERINGS = 6  # batches of those that are down in an interval: each is sure to wait for the time-out
PROMPT = 1.0  # seconds after which a thread leaves the last half of its batch, or less, to another one
MOST_LATE = 64  # batches of which a process waits for the last ones; each in a thread that does nothing else
GRACE = timedelta(seconds=5)  # after the time-out of a check, before its worker is taken for lost
VERBS_EVERY = timedelta(minutes=10)  # DESIGN 4: access reviews are asked seldom


def due_batches() -> list[bool]:
    """One for each batch that is due; whether it is of those that are down, which come last. Two queries.

    For those that an earlier sweep has seen messages wait already, which live for MESSAGE_SECONDS: workers that are
    behind are not to spend their time on messages. What a lost worker had claimed is due again. Those that are down
    are apart, and many together: a batch of silent clusters occupies a worker thread until the time-out, and so would
    one of each sweep.
    """
    now = timezone.now()
    WorkspaceProvider.objects.return_lost(
        now=now, interval=settings.CHECK_INTERVAL, lease=settings.CHECK_TIMEOUT + GRACE
    )
    sound, down, late = Q(failed_checks__lt=DOWN), Q(failed_checks__gte=DOWN), Q(next_check_at__lte=now - SWEEP)
    due = WorkspaceProvider.objects.filter(next_check_at__lte=now).aggregate(
        fresh=Count("pk", filter=sound & ~late),
        late=Count("pk", filter=sound & late),
        down=Count("pk", filter=down),
        gathers_since=Min("next_check_at", filter=down),
    )
    messages = ceil(due["fresh"] / BATCH) + ceil(due["late"] / BATCH / MESSAGE_SECONDS)
    batches = [False] * min(messages, MOST_BATCHES)
    if due["gathers_since"] and due["gathers_since"] <= _gathered(now):
        batches += [True] * min(ceil(due["down"] / BATCH_OF_DOWN), MOST_BATCHES)
    return batches


def bring_turns_forward() -> None:
    """What was planned with a longer interval, or by a clock that was ahead, would wait for hours. One statement.

    Seldom: by a clock that is wrong all the time a worker would else check everything at every sweep.
    """
    moved = WorkspaceProvider.objects.bring_forward(now=timezone.now(), interval=settings.CHECK_INTERVAL)
    if moved:
        logger.warning("%s checks were planned further off than two intervals: brought forward", moved)


def claim_batch(*, down: bool) -> list[UUID]:
    """Providers whose check is due, the longest due first, claimed by this caller alone. At most two queries."""
    now = timezone.now()
    if down and not _have_gathered(now):
        return []
    return WorkspaceProvider.objects.claim_due(
        now=now, interval=settings.CHECK_INTERVAL, limit=BATCH_OF_DOWN if down else BATCH, down=down
    )


def _gathered(now: datetime) -> datetime:
    """Since when one of those that are down must have been due for them to be checked."""
    return now - settings.CHECK_INTERVAL / GATHERINGS


def _have_gathered(now: datetime) -> bool:
    """One query, by an index."""
    return WorkspaceProvider.objects.filter(failed_checks__gte=DOWN, next_check_at__lte=_gathered(now)).exists()


def check_providers(ids: Sequence[UUID]) -> None:
    """Check these at the same time and store the outcomes as they come; providers that are gone are passed over."""
    providers, outcomes = _begin(ids)
    for group in outcomes:
        _store(providers, group)


def check_promptly(ids: Sequence[UUID]) -> None:
    """As `check_providers`, but what has not answered after PROMPT is waited for by another thread.

    Silent clusters, a few in each batch, would else occupy all threads of a worker until the time-out, and live ones
    would be checked late. When most of a batch is still out it may be the worker that is slow: it takes nothing more.
    """
    providers, outcomes = _begin(ids)
    left, end = len(providers), time.monotonic() + PROMPT
    for group in outcomes:
        _store(providers, group)
        left -= len(group)
        if 0 < left <= len(providers) / 2 and time.monotonic() > end and _late.acquire(blocking=False):
            threading.Thread(target=_store_late, args=(providers, outcomes), name="late checks", daemon=True).start()
            return


_late = threading.BoundedSemaphore(MOST_LATE)


def _store_late(providers: Mapping[UUID, WorkspaceProvider], outcomes: Iterator[list[Found]]) -> None:
    """Without a connection to the database while it waits: there are fewer than such threads."""
    try:
        for group in outcomes:
            _store(providers, group)
            connection.close()
    finally:
        connection.close()
        _late.release()


def _begin(ids: Sequence[UUID]) -> tuple[dict[UUID, WorkspaceProvider], Iterator[list[Found]]]:
    loaded = WorkspaceProvider.objects.filter(pk__in=ids).select_related("credential").with_version()
    providers = {provider.pk: provider for provider in loaded}
    requests = list(_requests(providers.values()))
    timeout = settings.CHECK_TIMEOUT.total_seconds()
    return providers, collect_many_now(requests, concurrency=BATCH_OF_DOWN, deadline=timeout)


def _store(providers: Mapping[UUID, WorkspaceProvider], group: list[Found]) -> None:
    if group:
        store_all([(providers[UUID(str(provider_id))], evidence) for provider_id, evidence in group])


def _requests(providers: Iterable[WorkspaceProvider]) -> Iterable[CheckRequest]:
    now = timezone.now()
    for provider in providers:
        try:
            target = target_of(provider)
        except UndecryptableError as error:
            store_evidence(provider, _unreadable(str(error)))
            continue
        _forget_credential(provider)
        if target is not None:
            verbs_due = provider.verbs_checked_at is None or now - provider.verbs_checked_at > verbs_every(provider)
            yield CheckRequest(
                key=provider.pk,
                target=target,
                expects_release=provider.is_remote,
                check_verbs=verbs_due,
                is_thorough=verbs_due or provider.failed_checks > 0,
                known_revision=provider.release_values_revision,
                envproxy_url=provider.served_envproxy_access_url if provider.last_beat_at else "",
            )


def verbs_every(provider: WorkspaceProvider) -> timedelta:
    """Each has its own, up to half as long again: thousands that were registered together are not asked together."""
    return VERBS_EVERY * (1 + provider.pk.int % 256 / 512)


def _forget_credential(provider: WorkspaceProvider) -> None:
    """It holds its provider: both would stay until the garbage collector looks for such rings, which is seldom."""
    WorkspaceProvider.credential.related.delete_cached_value(provider)


def _unreadable(message: str) -> Evidence:
    return Evidence(
        checked_at=timezone.now(), duration_ms=0, reachable=False, reason="credential_unreadable", message=message
    )
