"""Which provider a request is about, whether the person may touch it, and how a refusal reads."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from organizations.views.scope import ask_and_do, person_of, refusal_leads_to, say_refusal
from providers.models import WorkspaceProvider
from providers.policies import require_manage, require_view

__all__ = ["ask_and_do", "managed_provider", "person_of", "refusal_becomes_message", "say_refusal"]


def managed_provider(request: HttpRequest, pk: UUID) -> WorkspaceProvider:
    """With its environment counts. Raises PermissionDenied for those who don't manage providers, Http404."""
    person = person_of(request)
    require_view(person)
    providers = WorkspaceProvider.objects.visible_to(person).with_environment_counts()
    provider = get_object_or_404(providers, pk=pk)
    require_manage(actor_of(request))
    return provider


def _page_or_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    if WorkspaceProvider.objects.filter(pk=pk).exists():
        return redirect("providers:provider_detail", pk=pk)
    if wants_partial(request):
        return HttpResponseClientRedirect(reverse("providers:provider_list"))
    return redirect("providers:provider_list")


refusal_becomes_message = refusal_leads_to(_page_or_list)
