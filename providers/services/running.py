"""Running one operation: claim it, hold the lease, do the work, store one truthful end."""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import Error, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor, record
from providers.choices import LineLevel, OperationKind, OperationState
from providers.models import Operation, OperationLine
from providers.services.deleting import delete_provider
from providers.services.deploying import deploy_provider
from providers.services.preflighting import preflight_provider
from providers.services.run import LeaseLostError, OperationCancelledError, OperationFailedError, Run

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
RENEWAL_SECONDS = 2.0  # also how soon a cancel is noticed
SAFETY = 0.4  # the part of the lease before whose beginning work has stopped: another worker may take over after it
MOST_ATTEMPTS = 3
HANDLERS: dict[str, Callable[[Run], None]] = {
    OperationKind.PREFLIGHT: preflight_provider,
    OperationKind.DEPLOY: deploy_provider,
    OperationKind.DELETE: delete_provider,
}


def run_operation(operation_id: UUID) -> None:
    """Do the work if this caller gets the row; a second caller, or a finished row, returns at once."""
    lease_id, asked_at = uuid.uuid4(), time.monotonic()
    if not _claim(operation_id, lease_id):
        return
    operation = Operation.objects.select_related("provider", "requested_by").get(pk=operation_id)
    try:
        with _Lease(operation, lease_id, since=asked_at) as lease:
            state, code, text = _work(operation, lease)
    except LeaseLostError:
        logger.warning("operation %s is let go: its lease is lost or the database is away", operation_id)
        return
    _finish(operation, lease_id, state=state, code=code, text=text)


def _claim(operation_id: UUID, lease_id: UUID) -> bool:
    free = Q(state=OperationState.QUEUED) | Q(state=OperationState.RUNNING, lease_expires_at__lt=Now())
    return bool(
        Operation.objects.filter(free, pk=operation_id).update(
            state=OperationState.RUNNING,
            lease_id=lease_id,
            lease_expires_at=Now() + LEASE,  # by the one clock that all workers share
            attempts=F("attempts") + 1,
            started_at=Coalesce("started_at", Now()),
        )
    )


def _work(operation: Operation, lease: "_Lease") -> tuple[OperationState, str, str]:
    """The end state with error code and text. Raises LeaseLostError."""
    run = Run(operation=operation, cancelled=lease.cancelled)
    if operation.attempts > MOST_ATTEMPTS:
        return OperationState.FAILED, "worker_lost", f"The worker was lost {MOST_ATTEMPTS} times. Start it again."
    if operation.attempts > 1:
        run.log("The worker was lost; another one takes over.", level=LineLevel.WARNING)
    if operation.provider is None and operation.kind == OperationKind.DELETE:
        return OperationState.SUCCEEDED, "", ""  # by the worker that was lost a moment later
    if operation.provider is None:
        return OperationState.FAILED, "provider_gone", "The provider was deleted in the meantime."
    try:
        run.check_cancelled()
        HANDLERS[operation.kind](run)
    except OperationCancelledError:
        return OperationState.CANCELLED, "", ""
    except OperationFailedError as error:
        return OperationState.FAILED, error.code, error.text
    except LeaseLostError:
        raise
    except (OperationalError, InterfaceError) as error:
        raise LeaseLostError from error  # the database was away: whoever takes over resumes the work
    except Exception:
        logger.exception("operation %s failed unexpectedly", operation.pk)
        return OperationState.FAILED, "unexpected", "An unexpected error occurred; the worker's log has the details."
    return OperationState.SUCCEEDED, "", ""


def _finish(operation: Operation, lease_id: UUID, *, state: OperationState, code: str, text: str) -> None:
    """Store the end unless the lease went to somebody else; then that worker owns the end."""
    with transaction.atomic():
        ended = Operation.objects.filter(pk=operation.pk, lease_id=lease_id, state=OperationState.RUNNING).update(
            state=state, error_code=code, error_text=text, finished_at=timezone.now(), lease_expires_at=None
        )
        if not ended:
            return
        if state != OperationState.SUCCEEDED:
            level = LineLevel.ERROR if state == OperationState.FAILED else LineLevel.WARNING
            OperationLine.objects.create(operation=operation, level=level, text=text or "Cancelled.")
        succeeded = state == OperationState.SUCCEEDED
        record(
            actor=Actor(user=operation.requested_by),
            action=f"provider.{operation.kind}",
            target=operation.provider or operation,
            after={"operation": str(operation.pk), "state": state, "error": code},
            outcome=AuditEvent.Outcome.SUCCEEDED if succeeded else AuditEvent.Outcome.FAILED,
        )


class _Lease:
    """Renews the lease, held `since` a moment of the monotonic clock, from a thread of its own."""

    def __init__(self, operation: Operation, lease_id: UUID, *, since: float) -> None:
        self._cancel_requested = operation.cancel_requested
        self._work_until = _work_until(since)
        self._rows = Operation.objects.filter(pk=operation.pk, lease_id=lease_id)
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
