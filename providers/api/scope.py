"""Which provider a request is about: one that nobody lets you use is not found."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from audit.services import actor_of
from coderadmin.api.callers import person_of
from providers.cards import for_cards
from providers.models import Operation, WorkspaceProvider
from providers.policies import require_manage, require_view
from providers.querysets import WorkspaceProviderQuerySet


def visible_providers(request: HttpRequest) -> WorkspaceProviderQuerySet:
    """As `for_cards`, with the environment counts."""
    return for_cards(WorkspaceProvider.objects.visible_to(person_of(request)).with_environment_counts())


def usable_provider(request: HttpRequest, pk: UUID) -> WorkspaceProvider:
    """For whoever may use it. Raises Http404."""
    provider: WorkspaceProvider = get_object_or_404(visible_providers(request), pk=pk)
    return provider


def read_provider(request: HttpRequest, pk: UUID) -> WorkspaceProvider:
    """For those who see what is behind it. Raises Http404, PermissionDenied."""
    provider = usable_provider(request, pk)
    require_view(person_of(request))
    return provider


def managed_provider(request: HttpRequest, pk: UUID) -> WorkspaceProvider:
    """For those who change it. Raises Http404, PermissionDenied."""
    provider = usable_provider(request, pk)
    require_manage(actor_of(request))
    return provider


def read_operation(request: HttpRequest, pk: UUID) -> Operation:
    """With its provider. Raises Http404, PermissionDenied."""
    require_view(person_of(request))
    operation: Operation = get_object_or_404(Operation.objects.select_related("provider"), pk=pk)
    return operation
