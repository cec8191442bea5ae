"""Creating an environment, and the form for another organization or owner."""

from typing import Any

from csp.constants import SELF
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from environments.errors import PlacementRefusedError, RefusedError
from environments.forms import EnvironmentForm
from environments.models import Environment
from environments.offers import measured_providers, offered_images, origin_of
from environments.policies import can_ask_for_anyone
from environments.services import create_environment
from environments.views.scope import ask_and_do, person_of, say_refusal


@never_cache
@ask_and_do
def environment_create(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, EnvironmentForm.keeping(request.GET, person=person_of(request)))
    form = EnvironmentForm(request.POST, person=person_of(request))
    environment = _create(request, form) if form.is_valid() else None
    if environment:
        return redirect("environments:environment_detail", pk=environment.pk)
    return _page(request, form)


@never_cache
@ask_and_do
def environment_form(request: HttpRequest) -> HttpResponse:
    """The form for the organization and the owner that are chosen in it now. It changes nothing."""
    if request.method != "POST":
        return redirect("environments:environment_create")
    return _page(request, EnvironmentForm.keeping(request.POST, person=person_of(request)))


def _create(request: HttpRequest, form: EnvironmentForm) -> Environment | None:
    """None when the service refuses, which the form then tells."""
    chosen = form.cleaned_data
    try:
        return create_environment(
            actor=actor_of(request),
            owner=chosen.get("owner") or form.person,
            organization=chosen["organization"],
            provider=chosen["provider"],
            plan=form.plan(),
        )
    except PlacementRefusedError as refusal:
        form.add_refusals(refusal)
    except ValidationError as error:
        form.add_service_errors(error)
    except RefusedError as refusal:
        say_refusal(request, refusal)
    return None


def _page(request: HttpRequest, form: EnvironmentForm) -> HttpResponse:
    """With the origins that the page may ask for their latency, and no other page may."""
    has_choice = len(form.organizations) > 1
    measured = measured_providers(form.offer, form.person, has_choice=has_choice) if form.offer else []
    context: dict[str, Any] = {
        "form": form,
        "offer": form.offer,
        "images": offered_images(form.offer.organization) if form.offer else [],
        "measured": {provider.pk for provider in measured},
        "has_choice": has_choice,
        "asked_for": _whom_to_ask_about(form),
    }
    if wants_partial(request):
        part = "environment_fields" if form.offer else "no_organization"
        return render(request, f"environments/partials/{part}.html", context)
    response = render(request, "environments/environment_form.html", context)
    origins = sorted({origin_of(provider) for provider in measured})
    response._csp_update = {"connect-src": [SELF, *origins]}  # type: ignore[attr-defined]
    return response


def _whom_to_ask_about(form: EnvironmentForm) -> str:
    """The e-mail for links to “Why can't I?”: empty for oneself, and for those who may not ask about others."""
    if form.offer is None or form.offer.owner == form.person or not can_ask_for_anyone(form.person):
        return ""
    return form.offer.owner.email
