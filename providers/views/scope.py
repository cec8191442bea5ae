"""Which provider a request is about, whether the person may touch it, and how a refusal reads."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from organizations.models import User
from providers.errors import RefusedError
from providers.models import WorkspaceProvider
from providers.policies import require_manage, require_view

ProviderView = Callable[[HttpRequest, UUID], HttpResponse]

ask_and_do = require_http_methods(["GET", "HEAD", "POST"])


def person_of(request: HttpRequest) -> User:
    """The signed-in person; LoginRequiredMiddleware has let nobody else through."""
    assert isinstance(request.user, User)  # noqa: S101 - for the type checker
    return request.user


def managed_provider(request: HttpRequest, pk: UUID) -> WorkspaceProvider:
    """With its environment counts. Raises PermissionDenied for those who don't manage providers, Http404."""
    person = person_of(request)
    require_view(person)
    providers = WorkspaceProvider.objects.visible_to(person).with_environment_counts()
    provider = get_object_or_404(providers, pk=pk)
    require_manage(actor_of(request))
    return provider


def refusal_becomes_message(view: ProviderView) -> ProviderView:
    """A rule that forbids an action is said on the provider's page, or on the list when the provider is gone."""

    @wraps(view)
    def wrapped(request: HttpRequest, pk: UUID) -> HttpResponse:
        try:
            return view(request, pk)
        except RefusedError as refusal:
            say_refusal(request, refusal)
            if WorkspaceProvider.objects.filter(pk=pk).exists():
                return redirect("providers:provider_detail", pk=pk)
            if wants_partial(request):
                return HttpResponseClientRedirect(reverse("providers:provider_list"))
            return redirect("providers:provider_list")

    return wrapped


def say_refusal(request: HttpRequest, refusal: RefusedError) -> None:
    messages.error(request, f"{refusal.message} {refusal.remedy}".strip())
