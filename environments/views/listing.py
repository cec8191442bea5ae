"""The list of environments, the chips that keep it fresh, and the page of one."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling

from coderadmin.htmx import wants_partial
from environments.choices import EnvironmentStatus
from environments.details import details_of
from environments.filters import SORT_LABELS, SORTS, EnvironmentFilter, uuid_of
from environments.models import Environment
from environments.offers import managed_organizations
from environments.rows import Row, for_list, make_rows
from environments.views.gone import gone
from environments.views.scope import person_of, visible_environments
from environments.views.suggestions import NAMED, NameField
from organizations.policies import is_site_manager

PAGE_SIZE = 50


@never_cache
@require_safe
def environment_list(request: HttpRequest) -> HttpResponse:
    wanted = EnvironmentFilter.from_query(request.GET)
    found = wanted.narrowed(Environment.objects.visible_to(person_of(request))).values_list("pk", flat=True)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = Environment.objects.filter(pk__in=page.object_list).order_by(*SORTS[wanted.sort], "id")
    context = {
        "page": page,
        "filter": wanted,
        "sees_others": _sees_others(request),
        **_polled(make_rows(for_list(shown), user=request.user)),
    }
    if wants_partial(request):
        return render(request, "environments/partials/environment_results.html", context)
    context["sees_all"] = is_site_manager(request.user)
    return render(request, "environments/environment_list.html", context | _choices(request, wanted))


@never_cache
@require_safe
def environment_chips(request: HttpRequest) -> HttpResponse:
    """The chips of a page's rows, if they differ from the `state` that it shows; asked for only while one moves."""
    ids = [pk for pk in map(uuid_of, request.GET.get("ids", "").split(",")) if pk][:PAGE_SIZE]
    found = visible_environments(request).in_bulk(ids)
    rows = make_rows((found[pk] for pk in ids if pk in found), user=request.user)
    missing = [pk for pk in ids if pk not in found]
    context = _polled(rows) | {"gone": missing}
    if request.GET.get("state") == context["state"] and context["moves"] and not missing:
        return HttpResponse(status=204)
    response = render(request, "environments/partials/environment_chips.html", context)
    if not context["moves"]:
        response.status_code = HttpResponseStopPolling.status_code
    return response


@never_cache
@require_safe
def environment_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page, or its body: with the `state` that is shown already, nothing while that has not changed."""
    environment = visible_environments(request).filter(pk=pk).first()
    if environment is None and wants_partial(request):
        return gone(request)
    if environment is None:
        raise Http404
    state = request.GET.get("state")
    if wants_partial(request) and state == Row(environment=environment).state:
        return HttpResponse(status=204)
    context = {"details": details_of(environment, user=request.user), "environment": environment}
    if wants_partial(request):
        return render(request, "environments/partials/environment_body.html", context | {"swap": True})
    return render(request, "environments/environment_detail.html", context)


def _polled(rows: list[Row]) -> dict[str, Any]:
    return {
        "rows": rows,
        "ids": ",".join(str(row.environment.pk) for row in rows),
        "state": ".".join(row.state for row in rows),
        "moves": any(row.moves for row in rows),
    }


def _sees_others(request: HttpRequest) -> bool:
    """At most one query."""
    return is_site_manager(request.user) or managed_organizations(person_of(request)).exists()


def _choices(request: HttpRequest, wanted: EnvironmentFilter) -> dict[str, Any]:
    """What the filters offer, and the names of what they are set to. At most two queries."""
    visible = visible_environments(request)
    return {
        "statuses": EnvironmentStatus.choices,
        "sorts": SORT_LABELS.items(),
        "fields": [NameField.made(name, getattr(wanted, name), visible) for name in NAMED],
    }
