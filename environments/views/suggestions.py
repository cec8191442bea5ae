"""What browsers suggest in fields that take an e-mail or a name, as far as it matches what is typed."""

from dataclasses import dataclass
from typing import Self

from django.db.models import Q
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from environments.filters import typed, uuid_of
from environments.offers import managed_organizations
from environments.policies import can_ask_for_anyone
from environments.querysets import EnvironmentQuerySet
from environments.views.scope import person_of, visible_environments
from organizations.models import Organization, User
from providers.models import WorkspaceProvider

MOST_SUGGESTED = 50
NAMED: dict[str, tuple[type[Organization | WorkspaceProvider], str]] = {
    "organization": (Organization, "All organizations"),
    "provider": (WorkspaceProvider, "All providers"),
}
"""Filters of the list of environments that take a name, each with what an empty one means."""


@dataclass(frozen=True, kw_only=True)
class NameField:
    """A filter that takes a name, and what is in it. What it suggests is loaded once somebody goes there."""

    name: str
    value: str
    placeholder: str

    @classmethod
    def made(cls, name: str, wanted: str, visible: EnvironmentQuerySet) -> Self:
        """`wanted`: a name, or an id, of which the name is shown if it is one of the `visible`. At most one query."""
        model, placeholder = NAMED[name]
        if pk := uuid_of(wanted):
            seen = model.objects.filter(pk__in=visible.filter(**{name: pk}).values(name))
            wanted = seen.values_list("name", flat=True).first() or wanted
        return cls(name=name, value=wanted, placeholder=placeholder)


@never_cache
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Whom the asker may know of."""
    text = typed(request.GET, "owner") or typed(request.GET, "person")
    asker = person_of(request)
    known = User.objects.filter(is_active=True)
    if not can_ask_for_anyone(asker):
        known = known.filter(memberships__organization__in=managed_organizations(asker)).distinct()
    found = known.filter(Q(email__icontains=text) | Q(name__icontains=text)).order_by("email")[:MOST_SUGGESTED]
    return render(request, "environments/partials/people.html", {"people": found})


@never_cache
@require_safe
def names(request: HttpRequest) -> HttpResponse:
    """Names of the providers, or of the organizations, of environments that the asker sees."""
    field = next((name for name in NAMED if name in request.GET), "provider")
    suggested = _names(field, typed(request.GET, field), visible_environments(request))
    return render(request, "environments/partials/names.html", {"name": field, "suggested": suggested})


def _names(field: str, text: str, visible: EnvironmentQuerySet) -> list[str]:
    """The first few, by name. One query."""
    model, _ = NAMED[field]
    found = model.objects.filter(pk__in=visible.order_by().values(field), name__icontains=text)
    return list(found.order_by(Lower("name")).values_list("name", flat=True)[:MOST_SUGGESTED])
