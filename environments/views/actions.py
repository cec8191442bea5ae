"""The actions on an environment: one address each, done by POST only."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from audit.services import actor_of
from environments.services import postpone_auto_off, start_environment, stop_environment
from environments.views.scope import ask_and_do, environment_refusal, usable_environment
from providers.timeline import in_words


@ask_and_do
@environment_refusal
def environment_start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Harmless, so that nobody is asked: a GET, as after a new sign-in, only leads to the environment."""
    environment = usable_environment(request, pk)
    if request.method == "POST" and start_environment(actor=actor_of(request), environment=environment) is None:
        messages.info(request, f"{environment.name} is on already.")
    return redirect("environments:environment_detail", pk=pk)


@ask_and_do
@environment_refusal
def environment_stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    environment = usable_environment(request, pk)
    if request.method == "POST" and stop_environment(actor=actor_of(request), environment=environment) is None:
        messages.info(request, f"{environment.name} is off already.")
    return redirect("environments:environment_detail", pk=pk)


@ask_and_do
@environment_refusal
def environment_postpone(request: HttpRequest, pk: UUID) -> HttpResponse:
    environment = usable_environment(request, pk)
    if request.method == "POST":
        environment = postpone_auto_off(actor=actor_of(request), environment=environment)
        left = environment.auto_off_at - timezone.now() if environment.auto_off_at else None
        messages.success(request, f"{environment.name} stays on for {in_words(left)}." if left else "It stays on.")
    return redirect("environments:environment_detail", pk=pk)
