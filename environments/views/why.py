"""“Why can't I?”: every rule about a person, an organization and a provider, with its verdict in words."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from environments.forms import WhyForm
from environments.offers import managed_organizations
from environments.policies import can_ask_for_anyone
from environments.views.scope import person_of
from organizations.filters import LONGEST_SEARCH
from organizations.models import User

MOST_PEOPLE = 50


@never_cache
@require_safe
def why(request: HttpRequest) -> HttpResponse:
    asked = "organization" in request.GET or "provider" in request.GET
    form = WhyForm(request.GET if asked else None, asker=person_of(request))
    answer = form.answer() if form.is_valid() else None
    return render(request, "environments/why.html", {"form": form, "answer": answer})


@never_cache
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Options for a field that takes an e-mail: whom the asker may know of, as far as they match what is typed."""
    text = (request.GET.get("owner") or request.GET.get("person") or "")[:LONGEST_SEARCH].replace("\0", "").strip()
    asker = person_of(request)
    known = User.objects.filter(is_active=True)
    if not can_ask_for_anyone(asker):
        known = known.filter(memberships__organization__in=managed_organizations(asker)).distinct()
    found = known.filter(Q(email__icontains=text) | Q(name__icontains=text)).order_by("email")[:MOST_PEOPLE]
    return render(request, "environments/partials/people.html", {"people": found})
