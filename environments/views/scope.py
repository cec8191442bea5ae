"""Which environment a request is about, and how a refusal reads."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from environments.models import Environment
from environments.querysets import EnvironmentQuerySet
from environments.rows import for_rows
from organizations.views.scope import ask_and_do, person_of, refusal_leads_to, say_refusal

__all__ = [
    "ask_and_do",
    "environment_refusal",
    "person_of",
    "say_refusal",
    "usable_environment",
    "visible_environments",
]


def visible_environments(request: HttpRequest) -> EnvironmentQuerySet:
    """Those that this person may see, as `for_rows`. Who sees one may also act on it; the services check again."""
    return for_rows(Environment.objects.visible_to(person_of(request)))


def usable_environment(request: HttpRequest, pk: UUID) -> Environment:
    """Raises Http404."""
    environment: Environment = get_object_or_404(visible_environments(request), pk=pk)
    return environment


def _page_or_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    try:
        usable_environment(request, pk)
    except Http404:
        return redirect("environments:environment_list")
    return redirect("environments:environment_detail", pk=pk)


environment_refusal = refusal_leads_to(_page_or_list)
