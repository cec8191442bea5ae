"""An operation: its page, its panel while one watches, its whole log, and calling it off."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling, reswap, retarget, trigger_client_event

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from providers.log_text import log_as_text
from providers.models import AbstractOperation, Operation
from providers.operation_log import news_of
from providers.policies import can_manage, require_manage, require_view
from providers.services import cancel_operation
from providers.views.scope import ask_and_do

ENDED = "operation-ended"


@never_cache
@require_safe
def operation_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    operation = _operation(request, pk)
    context = {"operation": operation, "can_manage": can_manage(request.user)}
    if not wants_partial(request):
        return render(request, "providers/operation_detail.html", context)
    return watched(request, operation, "providers/partials/operation_panel.html", context)


def watched(request: HttpRequest, operation: AbstractOperation, panel: str, context: dict[str, object]) -> HttpResponse:
    """What has moved since `seen` was sent: nothing but the clock, lines as well, or the whole panel, a template."""
    news = news_of(operation, request.GET.get("seen", ""))
    if news and not news.lines:
        return reswap(render(request, "includes/operation_clock.html", {"operation": operation}), "none")
    if news:
        url = request.path
        return render(request, "includes/operation_news.html", {"operation": operation, "log": news, "url": url})
    response = render(request, panel, context | {"is_update": True})
    retarget(reswap(response, "outerHTML"), f"#operation-{operation.pk}")
    if not operation.is_active:
        response.status_code = HttpResponseStopPolling.status_code
        trigger_client_event(response, ENDED, {"id": str(operation.pk)})
    return response


@never_cache
@require_safe
def operation_log(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    return log_as_text(_operation(request, pk))


@ask_and_do
def operation_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Repeatable: an operation that has ended by now just shows its end. A GET (a new sign-in) does nothing."""
    operation = _operation(request, pk)
    require_manage(actor_of(request))
    if request.method == "POST":
        cancel_operation(actor=actor_of(request), operation=operation)
    return redirect("providers:operation_detail", pk=pk)


def _operation(request: HttpRequest, pk: UUID) -> Operation:
    """Raises PermissionDenied for those who don't see providers, Http404."""
    require_view(request.user)
    return get_object_or_404(Operation.objects.select_related("provider"), pk=pk)
