"""What support staff see of any background work: on providers, and in the apps above."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from organizations.confirmations import Confirmation
from organizations.support.dashboard import Entry
from organizations.support.helping import address_of
from organizations.support.pages import ReadOnlyAdmin
from providers.choices import OperationState
from providers.log_text import log_as_text
from providers.models import AbstractOperation
from providers.operation_log import log_of

WITHOUT_WORKER = timedelta(minutes=1)  # a lost message or worker is noticed, and made good, within half a minute
LATELY = timedelta(days=1)


class AbstractOperationAdmin(ReadOnlyAdmin):
    """With the log, as the product shows it, and all of it as text."""

    readonly_fields = ["log"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.log_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_log"
        return [path("<path:object_id>/log/", view, name=name), *super().get_urls()]

    @method_decorator(require_safe)
    def log_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        operation = self.get_object(request, unquote(object_id))
        if operation is None:
            return self.is_gone(request, object_id)
        if not self.has_view_permission(request, operation):
            raise PermissionDenied
        return log_as_text(operation)

    @admin.display(description="log")
    def log(self, operation: AbstractOperation) -> SafeString:
        """One query."""
        context = {"log": log_of(operation), "operation": operation, "log_url": address_of(operation, "log")}
        return render_to_string("includes/operation_log.html", context)


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
