"""The allowlist of one provider, and the same from the side of one organization."""

from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.services import actor_of
from organizations.models import Organization
from organizations.policies import can_read_organizations, require
from providers.access import load_grid
from providers.models import WorkspaceProvider
from providers.policies import can_manage, can_view_access, require_manage, require_view
from providers.views.access import AccessPage, ask, save
from providers.views.scope import ask_and_do, person_of

MOST_ROWS = 400  # of a page: a row sends up to two fields without script, of the 1000 that Django takes
LONGEST_SEARCH = 255


@ask_and_do
def provider_allowlist(request: HttpRequest, pk: UUID) -> HttpResponse:
    page = _of_provider(request, pk)
    if request.method != "POST":
        return page.show(request)
    require_manage(actor_of(request))
    return ask(request, page)


@require_http_methods(["GET", "HEAD", "POST"])
def provider_allowlist_save(request: HttpRequest, pk: UUID) -> HttpResponse:
    page = _of_provider(request, pk)
    if request.method != "POST":  # after a new sign-in
        return redirect(page.url)
    require_manage(actor_of(request))
    return save(request, page)


@ask_and_do
def organization_allowlist(request: HttpRequest, pk: UUID) -> HttpResponse:
    page = _of_organization(request, pk)
    if request.method != "POST":
        return page.show(request)
    require_manage(actor_of(request))
    return ask(request, page)


@require_http_methods(["GET", "HEAD", "POST"])
def organization_allowlist_save(request: HttpRequest, pk: UUID) -> HttpResponse:
    page = _of_organization(request, pk)
    if request.method != "POST":
        return redirect(page.url)
    require_manage(actor_of(request))
    return save(request, page)


def searched(request: HttpRequest, name: str = "q") -> str:
    """What somebody typed into a search field; no database takes a NUL."""
    return request.GET.get(name, "").replace("\0", "").strip()[:LONGEST_SEARCH]


def with_query(path: str, **parameters: str) -> str:
    given = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def _of_provider(request: HttpRequest, pk: UUID) -> AccessPage:
    person, text = person_of(request), searched(request)
    require_view(person)
    provider = get_object_or_404(WorkspaceProvider.objects.visible_to(person), pk=pk)
    rows = _rows(request, Organization.objects.search(text))
    organizations, query = list(rows), _query(text, rows)
    url = with_query(reverse("providers:provider_allowlist", args=[pk]), **query)
    return AccessPage(
        template="providers/provider_allowlist.html",
        title=f"Change who may use {provider.name}",
        url=url,
        save_url=with_query(reverse("providers:provider_allowlist_save", args=[pk]), **query),
        done_url=url,
        grid=lambda wishes: load_grid([provider], organizations, wishes),
        covers=lambda pair: pair[0] == pk,
        context=_list_context(request, text, rows) | {"provider": provider},
    )


def _of_organization(request: HttpRequest, pk: UUID) -> AccessPage:
    person, text = person_of(request), searched(request)
    require(can_read_organizations(person), "Only those who manage organizations see which providers they may use.")
    organization = get_object_or_404(Organization, pk=pk)
    if not can_view_access(person, organization):
        raise Http404
    found = WorkspaceProvider.objects.filter(name__icontains=text)
    if not can_manage(person):  # what else the deployment has is not theirs to know
        found = found.filter(allowlist__organization=organization)
    rows = _rows(request, found)
    providers, query = list(rows), _query(text, rows)
    url = with_query(reverse("providers:organization_allowlist", args=[pk]), **query)
    return AccessPage(
        template="providers/organization_allowlist.html",
        title=f"Change what {organization.name} may use",
        url=url,
        save_url=with_query(reverse("providers:organization_allowlist_save", args=[pk]), **query),
        done_url=url,
        grid=lambda wishes: load_grid(providers, [organization], wishes),
        covers=lambda pair: pair[1] == pk,
        context=_list_context(request, text, rows) | {"organization": organization},
    )


def _rows(request: HttpRequest, found: QuerySet) -> Page:
    return Paginator(found, MOST_ROWS).get_page(request.GET.get("page"))


def _query(text: str, rows: Page) -> dict[str, str]:
    return {"q": text, "page": str(rows.number) if rows.number > 1 else ""}


def _list_context(request: HttpRequest, text: str, rows: Page) -> dict[str, object]:
    return {
        "text": text,
        "page": rows,
        "is_whole": not text and not rows.has_other_pages(),
        "can_manage": can_manage(request.user),
    }
