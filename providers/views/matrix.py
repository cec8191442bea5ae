"""The access matrix: all organizations and all providers in one table."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.services import actor_of
from organizations.models import Organization
from providers.access import load_grid
from providers.models import WorkspaceProvider
from providers.policies import can_manage, require_manage, require_view
from providers.views.access import AccessPage, ask, save
from providers.views.allowlist import searched, with_query
from providers.views.scope import person_of

MOST_ROWS = MOST_COLUMNS = 200
MOST_PLAIN = 300_000  # bytes, of an answer that is not compressed
_compress = GZipMiddleware(lambda request: HttpResponse()).process_response


@require_http_methods(["GET", "HEAD", "POST"])
def access_matrix(request: HttpRequest) -> HttpResponseBase:
    page = _matrix(request)
    if request.method != "POST":
        return _compressed_if_long(request, page.show(request))
    require_manage(actor_of(request))
    return _compressed_if_long(request, ask(request, page))


@require_http_methods(["GET", "HEAD", "POST"])
def access_matrix_save(request: HttpRequest) -> HttpResponseBase:
    page = _matrix(request)
    if request.method != "POST":  # after a new sign-in
        return redirect(page.url)
    require_manage(actor_of(request))
    return _compressed_if_long(request, save(request, page))


def _compressed_if_long(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """Megabytes, where every cell is sent. Other pages are left to the proxy, which does it without a worker waiting.

    The CSRF token is masked anew in every answer, and Django pads: compression tells nobody anything.
    """
    return _compress(request, response) if len(response.content) > MOST_PLAIN else response


def _matrix(request: HttpRequest) -> AccessPage:
    require_view(person_of(request))
    organization, provider = searched(request, "organization"), searched(request, "provider")
    named = Organization.objects.search(organization).only("name")
    rows = Paginator(named, MOST_ROWS).get_page(request.GET.get("page"))
    named_so = {"name__icontains": provider} if provider else {}
    found = WorkspaceProvider.objects.filter(**named_so).only("name", "status", "cordoned_at")
    columns = list(found[:MOST_COLUMNS])
    organizations = list(rows)
    query = {"organization": organization, "provider": provider, "page": str(rows.number) if rows.number > 1 else ""}
    plain_url = with_query(reverse("providers:access_matrix"), **query, plain="1")
    if "plain" in request.GET:
        query["plain"] = "1"
    url = with_query(reverse("providers:access_matrix"), **query)
    return AccessPage(
        template="providers/access_matrix.html",
        title="Change who may use what",
        url=url,
        save_url=with_query(reverse("providers:access_matrix_save"), **query),
        done_url=url,
        grid=lambda wishes: load_grid(columns, organizations, wishes),
        covers=lambda pair: True,
        context={
            "organization_text": organization,
            "provider_text": provider,
            "page": rows,
            "columns_total": len(columns) if len(columns) < MOST_COLUMNS else found.count(),
            "most_columns": MOST_COLUMNS,
            "can_manage": can_manage(request.user),
            "is_plain": "plain" in query,
            "plain_url": plain_url,
        },
    )
