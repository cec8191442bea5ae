"""Running one operation: claim it, hold the lease, do the work, store one truthful end."""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import DatabaseError, connection, transaction
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
from providers.services.run import OperationCancelledError, OperationFailedError, Run

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
RENEWAL_SECONDS = 2.0  # also how soon a cancel is noticed
SAFETY_SECONDS = 8.0  # work stops this long before another worker may take over
MOST_ATTEMPTS = 3
HANDLERS: dict[str, Callable[[Run], None]] = {
    OperationKind.PREFLIGHT: preflight_provider,
    OperationKind.DEPLOY: deploy_provider,
    OperationKind.DELETE: delete_provider,
}


def run_operation(operation_id: UUID) -> None:
    """Do the work if this caller gets the row; a second caller, or a finished row, returns at once."""
    lease_id = uuid.uuid4()
    if not _claim(operation_id, lease_id):
        return
    operation = Operation.objects.select_related("provider", "requested_by").get(pk=operation_id)
    with _Lease(operation, lease_id) as lease:
        state, code, text = _work(operation, lease)
    _finish(operation, lease_id, state=state, code=code, text=text)


def _claim(operation_id: UUID, lease_id: UUID) -> bool:
    free = Q(state=OperationState.QUEUED) | Q(state=OperationState.RUNNING, lease_expires_at__lt=Now())
    return bool(
        Operation.objects.filter(free, pk=operation_id).update(
            state=OperationState.RUNNING,
            lease_id=lease_id,
            lease_expires_at=timezone.now() + LEASE,
            attempts=F("attempts") + 1,
            started_at=Coalesce("started_at", Now()),
        )
    )


def _work(operation: Operation, lease: "_Lease") -> tuple[OperationState, str, str]:
    """The end state with error code and text."""
    run = Run(operation=operation, cancelled=lambda: lease.stop_work)
    if operation.attempts > MOST_ATTEMPTS:
        return OperationState.FAILED, "worker_lost", f"The worker was lost {MOST_ATTEMPTS} times. Start it again."
    if operation.attempts > 1:
        run.log("The worker was lost; another one takes over.", level=LineLevel.WARNING)
    if operation.provider is None:
        return OperationState.FAILED, "provider_gone", "The provider was deleted in the meantime."
    try:
        run.check_cancelled()
        HANDLERS[operation.kind](run)
    except OperationCancelledError:
        return OperationState.CANCELLED, "", ""
    except OperationFailedError as error:
        return OperationState.FAILED, error.code, error.text
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
    """Renews the lease from a thread of its own; `stop_work` turns true on a cancel or when the lease is lost."""

    def __init__(self, operation: Operation, lease_id: UUID) -> None:
        self.stop_work = operation.cancel_requested
        self._held_until = time.monotonic() + LEASE.total_seconds()
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
        try:
            while not self._ended.wait(RENEWAL_SECONDS):
                try:
                    self._renew_once()
                except DatabaseError as error:
                    logger.warning("a lease could not be renewed: %s", error)
                    self.stop_work = self.stop_work or time.monotonic() > self._held_until - SAFETY_SECONDS
        finally:
            connection.close()

    def _renew_once(self) -> None:
        held_until = time.monotonic() + LEASE.total_seconds()
        held = self._rows.filter(state=OperationState.RUNNING)
        renewed = held.update(lease_expires_at=timezone.now() + LEASE)
        self.stop_work = self.stop_work or not renewed or held.filter(cancel_requested=True).exists()
        self._held_until = held_until
