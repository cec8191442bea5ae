"""An operation on an environment: its page, its panel while one watches, its whole log, and calling it off."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from environments.details import next_steps
from environments.models import Environment, EnvironmentOperation
from environments.services import cancel_environment_operation
from environments.views.gone import gone
from environments.views.scope import ask_and_do, person_of
from providers.log_text import log_as_text
from providers.views.operations import watched

PANEL = "environments/partials/operation_panel.html"


@never_cache
@require_safe
def operation_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    try:
        operation = _operation(request, pk)
    except Http404:
        if wants_partial(request):
            return gone(request)
        raise
    context: dict[str, object] = {"operation": operation}
    if wants_partial(request):
        return watched(request, operation, PANEL, context)
    return render(request, "environments/operation_detail.html", context | {"steps": next_steps(operation)})


@never_cache
@require_safe
def operation_log(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    return log_as_text(_operation(request, pk))


@ask_and_do
def operation_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Repeatable: an operation that has ended by now just shows its end. A GET (a new sign-in) does nothing."""
    operation = _operation(request, pk)
    if request.method == "POST":
        cancel_environment_operation(actor=actor_of(request), operation=operation)
    if wants_partial(request):
        return redirect("environments:operation_detail", pk=pk)
    return redirect("environments:environment_detail", pk=operation.environment_id)


def _operation(request: HttpRequest, pk: UUID) -> EnvironmentOperation:
    """Of an environment that this person may see. Raises Http404."""
    visible = Environment.objects.visible_to(person_of(request))
    operations = EnvironmentOperation.objects.filter(environment__in=visible)
    operations = operations.select_related("environment__owner", "environment__organization")
    operation: EnvironmentOperation = get_object_or_404(operations, pk=pk)
    return operation
