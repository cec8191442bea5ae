"""Which provider a request is about."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from audit.services import actor_of
from coderadmin.api.callers import person_of
from organizations.choices import OrganizationRole
from providers.models import WorkspaceProvider
from providers.policies import can_view, require_manage


def listed_providers(request: HttpRequest) -> QuerySet[WorkspaceProvider]:
    """Those that one sees, and those of all environments that one sees: without its provider, no list shows one."""
    person = person_of(request)
    if can_view(person):
        return WorkspaceProvider.objects.sorted_by("name")
    managed = person.memberships.filter(role=OrganizationRole.MANAGER).values("organization")
    seen = WorkspaceProvider.objects.filter(
        Q(allowlist__organization__memberships__user=person)
        | Q(environments__owner=person)
        | Q(environments__organization__in=managed)
    )
    return WorkspaceProvider.objects.filter(pk__in=seen.values("pk")).sorted_by("name")


def listed_provider(request: HttpRequest, pk: UUID) -> WorkspaceProvider:
    """Raises Http404."""
    return get_object_or_404(listed_providers(request), pk=pk)


def managed_provider(request: HttpRequest, pk: UUID) -> WorkspaceProvider:
    """Raises Http404, PermissionDenied."""
    provider = listed_provider(request, pk)
    require_manage(actor_of(request))
    return provider
