"""“Why can't I?”: every rule about a person, an organization and a provider, with its verdict in words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from environments.forms import WhyForm
from environments.views.scope import person_of


@never_cache
@require_safe
def why(request: HttpRequest) -> HttpResponse:
    asked = "organization" in request.GET or "provider" in request.GET
    form = WhyForm(request.GET if asked else None, asker=person_of(request))
    answer = form.answer() if form.is_valid() else None
    return render(request, "environments/why.html", {"form": form, "answer": answer})
