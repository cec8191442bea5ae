"""What support staff see of any background work: on providers, and in the apps above."""

from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from organizations.confirmations import Confirmation
from organizations.support.dashboard import Entry
from organizations.support.helping import address_of
from providers.choices import OperationState
from providers.models import AbstractOperation
from providers.operation_log import log_of

WITHOUT_WORKER = timedelta(minutes=1)  # a lost message or worker is noticed, and made good, within half a minute
LATELY = timedelta(days=1)


def stuck(rows: QuerySet[Any], *, longest: timedelta) -> QuerySet[Any]:
    """Waits without a worker, lost its worker, or works for more than `longest`; the oldest first."""
    now = timezone.now()
    waits = Q(state=OperationState.QUEUED, requested_at__lt=now - WITHOUT_WORKER)
    lost = Q(state=OperationState.RUNNING, lease_expires_at__lt=now - WITHOUT_WORKER)
    works = Q(state=OperationState.RUNNING, started_at__lt=now - longest)
    return rows.filter(waits | lost | works).order_by("requested_at")


def failed_lately(rows: QuerySet[Any]) -> QuerySet[Any]:
    failed = rows.filter(state=OperationState.FAILED, finished_at__gte=timezone.now() - LATELY)
    return failed.order_by(F("finished_at").desc())


def stuck_entry(operation: Any) -> Entry:
    return Entry(
        name=str(operation), url=address_of(operation), why=_why_stuck(operation), since=operation.requested_at
    )


def failed_entry(operation: Any) -> Entry:
    why = operation.error_text or operation.error_code
    return Entry(name=str(operation), url=address_of(operation), why=why, since=operation.finished_at)


def rendered_log(operation: AbstractOperation) -> SafeString:
    """As the product shows it. One query."""
    return render_to_string("includes/operation_log.html", {"log": log_of(operation), "operation": operation})


def confirmation_of_retry(operation: Any, effects: list[str]) -> Confirmation:
    asked = f"{operation.requested_by_name} asked for it on {operation.requested_at:%-d %B %Y at %H:%M} UTC"
    return Confirmation(
        title=f"Retry: {operation}",
        submit_label="Retry",
        effects=[
            f"{asked}, and it failed. It is asked for once more, in the same way, in your name.",
            *effects,
            "The audit log names you.",
        ],
    )


def _why_stuck(operation: AbstractOperation) -> str:
    if operation.state == OperationState.QUEUED:
        return "No worker has taken it: all may be busy, or none is running"
    if operation.lease_expires_at and operation.lease_expires_at < timezone.now():
        return "Its worker is lost, and no other one has taken over"
    return f"It works for {operation.elapsed_seconds // 60} minutes"
