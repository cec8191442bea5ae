"""Rebuilding an environment, with another image or size."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from audit.services import actor_of
from environments.errors import PlacementRefusedError, StaleRevisionError
from environments.forms import RebuildForm
from environments.offers import offered_images
from environments.placement import quotas_of
from environments.services import rebuild_environment
from environments.views.scope import ask_and_do, environment_refusal, say_refusal, usable_environment


@never_cache
@ask_and_do
@environment_refusal
def environment_rebuild(request: HttpRequest, pk: UUID) -> HttpResponse:
    form = RebuildForm(request.POST if request.method == "POST" else None, environment=usable_environment(request, pk))
    if form.is_valid():
        try:
            rebuild_environment(
                actor=actor_of(request),
                environment=form.environment,
                revision=form.cleaned_data["revision"],
                changes=form.changes(),
            )
        except PlacementRefusedError as refusal:
            form.add_refusals(refusal)
        except ValidationError as error:
            form.add_service_errors(error)
        except StaleRevisionError as refusal:
            say_refusal(request, refusal)
            fresh = RebuildForm(environment=usable_environment(request, pk))
            return _page(request, fresh, lost_input=form.lost_input())
        else:
            return redirect("environments:environment_detail", pk=pk)
    return _page(request, form)


def _page(request: HttpRequest, form: RebuildForm, **more: object) -> HttpResponse:
    """`quotas`: what is left beside this environment's own size."""
    environment = form.environment
    quotas = quotas_of(environment.owner, environment.organization, instead_of=environment)
    images = offered_images(environment.organization)
    context = {"form": form, "environment": environment, "images": images, "quotas": quotas, **more}
    return render(request, "environments/environment_rebuild.html", context)
