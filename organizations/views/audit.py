"""Manage > Audit: the list and its export, and the history of an organization."""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.export import csv_lines, json_lines
from audit.models import AuditChain, AuditEvent
from audit.paging import Page, Place, all_of, page_of
from audit.services import actor_of, record
from coderadmin.htmx import wants_partial
from organizations.forms.audit import AuditFilterForm
from organizations.history import lines_of
from organizations.policies import can_read_audit, require
from organizations.views.organizations import PAGE_SIZE, organization_tab
from organizations.views.scope import person_of, visible_organization

Lines = Callable[[Iterable[AuditEvent]], Iterator[str]]


def require_audit(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    require(can_read_audit(person_of(request)), "Only site managers and auditors see the audit log.")


@require_safe
def audit_list(request: HttpRequest) -> HttpResponse:
    require_audit(request)
    form = AuditFilterForm(request.GET)
    page = _page(request, form)
    context = {"form": form, "page": page, "lines": lines_of(page.events, reader=request.user)}
    if wants_partial(request):
        return render(request, "audit/partials/audit_results.html", context)
    return render(request, "audit/audit_list.html", context)


@require_safe
def audit_export_csv(request: HttpRequest) -> HttpResponseBase:
    return _export(request, csv_lines, "csv", "text/csv; charset=utf-8")


@require_safe
def audit_export_json(request: HttpRequest) -> HttpResponseBase:
    """JSON lines."""
    return _export(request, json_lines, "jsonl", "application/x-ndjson")


@require_safe
def organization_history(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What concerns the organization: itself, its members, its environments, its places on allowlists."""
    organization = visible_organization(request, pk)
    require_audit(request)
    events = AuditEvent.objects.filter(organization_id=str(pk)).newest_first()[:PAGE_SIZE]
    return organization_tab(request, organization, "history", {"lines": lines_of(events, reader=request.user)})


def _page(request: HttpRequest, form: AuditFilterForm) -> Page:
    """Empty while the form has an error: what it asks for is not known."""
    if not form.is_valid():
        return Page(events=[], newer=None, older=None)
    older, newer = (Place.parse(request.GET.get(name, "")) for name in ("older", "newer"))
    return page_of(form.events(), older=older, newer=newer)


def _export(request: HttpRequest, lines: Lines, ending: str, content_type: str) -> HttpResponseBase:
    """The same filters as the list. The export is itself an event."""
    require_audit(request)
    form = AuditFilterForm(request.GET)
    if not form.is_valid():
        context = {"form": form, "page": Page(events=[], newer=None, older=None), "lines": []}
        return render(request, "audit/audit_list.html", context, status=HTTPStatus.BAD_REQUEST)
    if request.method == "GET":
        asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
        record(actor=actor_of(request), action="audit.export", target=AuditChain(), after={"format": ending, **asked})
    name = f"coderadmin-audit-{timezone.now():%Y-%m-%d}.{ending}"
    response = StreamingHttpResponse(lines(all_of(form.events())), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
