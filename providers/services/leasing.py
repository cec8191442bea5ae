"""Running any operation: claim the row, hold its lease, do the work, store one truthful end."""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import Error, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from audit.models import AuditEvent
from providers.choices import LineLevel, OperationState
from providers.models import AbstractOperation
from providers.services.run import LeaseLostError, OperationCancelledError, OperationFailedError, Run

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
RENEWAL_SECONDS = 2.0  # also how soon a cancel is noticed
SAFETY = 0.4  # the part of the lease before whose beginning work has stopped: another worker may take over after it
MOST_ATTEMPTS = 3
DISPATCH_GRACE = timedelta(seconds=10)  # a healthy worker takes a message within a second


@dataclass(frozen=True, kw_only=True)
class End:
    """How an operation ended; `code` and `text` say why it failed."""

    state: OperationState
    code: str = ""
    text: str = ""

    @property
    def succeeded(self) -> bool:
        return self.state == OperationState.SUCCEEDED

    @property
    def outcome(self) -> AuditEvent.Outcome:
        return AuditEvent.Outcome(self.state)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What one model of operations does: `make_run` wraps a row, `work` does it, `conclude` writes what an end means.

    `work` may raise OperationFailedError, OperationCancelledError, LeaseLostError; `put_right` sees to what a lost
    worker left when there is no more work, and raises LeaseLostError at the most; `conclude` runs in the
    transaction that stores the end, after `lock` has locked what it touches: before the row of the operation, as those
    who ask for work do, and anew, since it may have changed while the work went on.
    """

    rows: QuerySet[Any]
    make_run: Callable[..., Any]
    work: Callable[[Any], None]
    conclude: Callable[[Any, End], None]
    lock: Callable[[Any], None] = lambda operation: None
    put_right: Callable[[Any], None] = lambda run: None


def run_leased(kind: Kind, operation_id: UUID) -> None:
    """Do the work if this caller gets the row; a second caller, or a finished row, returns at once."""
    lease_id, asked_at = uuid.uuid4(), time.monotonic()
    if not _claim(kind.rows, operation_id, lease_id):
        return
    operation = kind.rows.get(pk=operation_id)
    try:
        with _Lease(operation, lease_id, since=asked_at) as lease:
            end = _work(kind, kind.make_run(operation=operation, cancelled=lease.cancelled))
    except LeaseLostError:
        logger.warning("operation %s is let go: its lease is lost or the database is away", operation_id)
        return
    _finish(kind, operation, lease_id, end)


def stranded(rows: QuerySet[Any]) -> list[UUID]:
    """Active rows that no worker holds: a lost message, or a worker that was killed. Two queries."""
    now = timezone.now()
    lost = Q(state=OperationState.QUEUED, dispatched_at__lt=now - DISPATCH_GRACE)
    orphaned = Q(state=OperationState.RUNNING, lease_expires_at__lt=now)
    found = list(rows.filter(lost | orphaned).values_list("pk", flat=True))
    rows.filter(pk__in=found).update(dispatched_at=now)
    return found


def call_off(rows: QuerySet[Any]) -> bool:
    """A queued row ends at once, a running one as soon as its worker can stop safely. Whether anything changed."""
    queued = rows.filter(state=OperationState.QUEUED)
    ended = queued.update(state=OperationState.CANCELLED, finished_at=timezone.now(), cancel_requested=True)
    asked = rows.filter(state=OperationState.RUNNING, cancel_requested=False).update(cancel_requested=True)
    return bool(ended or asked)


def _claim(rows: QuerySet[Any], operation_id: UUID, lease_id: UUID) -> bool:
    free = Q(state=OperationState.QUEUED) | Q(state=OperationState.RUNNING, lease_expires_at__lt=Now())
    return bool(
        rows.filter(free, pk=operation_id).update(
            state=OperationState.RUNNING,
            lease_id=lease_id,
            lease_expires_at=Now() + LEASE,  # by the one clock that all workers share
            attempts=F("attempts") + 1,
            started_at=Coalesce("started_at", Now()),
        )
    )


def _work(kind: Kind, run: Run) -> End:
    """Raises LeaseLostError."""
    try:
        if run.operation.attempts > 1:
            _take_over(kind, run)
        run.check_cancelled()
        kind.work(run)
    except OperationCancelledError:
        return End(state=OperationState.CANCELLED)
    except OperationFailedError as error:
        return End(state=OperationState.FAILED, code=error.code, text=error.text)
    except LeaseLostError:
        raise
    except (OperationalError, InterfaceError) as error:
        raise LeaseLostError from error  # the database was away: whoever takes over resumes the work
    except Exception:
        logger.exception("operation %s failed unexpectedly", run.operation.pk)
        text = "An unexpected error occurred; the worker's log has the details."
        return End(state=OperationState.FAILED, code="unexpected", text=text)
    return End(state=OperationState.SUCCEEDED)


def _take_over(kind: Kind, run: Run) -> None:
    """Raises OperationFailedError after MOST_ATTEMPTS, LeaseLostError."""
    attempts = run.operation.attempts
    is_given_up = attempts > MOST_ATTEMPTS
    if not is_given_up:
        run.log("The worker was lost; another one takes over.", level=LineLevel.WARNING)
    if attempts == MOST_ATTEMPTS + 1 or (run.cancelled() and not is_given_up):  # a worker may be lost by this, too
        kind.put_right(run)
    if is_given_up:
        raise OperationFailedError("worker_lost", f"The worker was lost {MOST_ATTEMPTS} times. Start it again.")


def _finish(kind: Kind, operation: AbstractOperation, lease_id: UUID, end: End) -> None:
    """Store the end unless the lease went to somebody else; then that worker owns the end."""
    with transaction.atomic():
        kind.lock(operation)
        held = kind.rows.filter(pk=operation.pk, lease_id=lease_id, state=OperationState.RUNNING)
        ended = held.update(
            state=end.state,
            error_code=end.code,
            error_text=end.text,
            finished_at=timezone.now(),
            lease_expires_at=None,
        )
        if not ended:
            return
        if not end.succeeded:
            level = LineLevel.ERROR if end.state == OperationState.FAILED else LineLevel.WARNING
            operation.lines.create(level=level, text=end.text or "Cancelled.")
        kind.conclude(operation, end)


class _Lease:
    """Renews the lease, held `since` a moment of the monotonic clock, from a thread of its own."""

    def __init__(self, operation: AbstractOperation, lease_id: UUID, *, since: float) -> None:
        self._cancel_requested = operation.cancel_requested
        self._work_until = _work_until(since)
        self._rows = type(operation)._default_manager.filter(pk=operation.pk, lease_id=lease_id)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{operation.pk}", daemon=True)

    def __enter__(self) -> "_Lease":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._ended.wait(RENEWAL_SECONDS):
            try:
                self._renew_once()
            except Error as error:
                logger.warning("a lease could not be renewed: %s", error)
            finally:
                connection.close()  # so that the next renewal survives a restart of the database

    def _renew_once(self) -> None:
        since = time.monotonic()
        held = self._rows.filter(state=OperationState.RUNNING)
        renewed = held.update(lease_expires_at=Now() + LEASE)
        self._cancel_requested |= held.filter(cancel_requested=True).exists()
        self._work_until = _work_until(since) if renewed else 0.0

    def cancelled(self) -> bool:
        """Whether somebody cancelled. Raises LeaseLostError in time before another worker may take over."""
        if time.monotonic() > self._work_until:
            raise LeaseLostError
        return self._cancel_requested


def _work_until(since: float) -> float:
    return since + LEASE.total_seconds() * (1 - SAFETY)
