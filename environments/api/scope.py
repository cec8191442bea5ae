"""Which environment a request is about: one that is not yours to see is not found."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from coderadmin.api.callers import person_of
from environments.models import Environment, EnvironmentOperation
from environments.querysets import EnvironmentQuerySet
from environments.rows import for_rows


def visible_environments(request: HttpRequest) -> EnvironmentQuerySet:
    """As `for_rows`. Who sees one may also act on it; the services check again."""
    return for_rows(Environment.objects.visible_to(person_of(request)))


def usable_environment(request: HttpRequest, pk: UUID) -> Environment:
    """Raises Http404."""
    environment: Environment = get_object_or_404(visible_environments(request), pk=pk)
    return environment


def usable_operation(request: HttpRequest, pk: UUID) -> EnvironmentOperation:
    """With its environment. Raises Http404."""
    visible = Environment.objects.visible_to(person_of(request))
    operations = EnvironmentOperation.objects.filter(environment__in=visible)
    operation: EnvironmentOperation = get_object_or_404(operations.select_related("environment__owner"), pk=pk)
    return operation
