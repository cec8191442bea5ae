"""Deleting an environment, with everything on its cluster or without."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from audit.services import actor_of
from environments.forms import DeleteForm
from environments.leaving import require_may_leave_objects
from environments.models import Environment
from environments.services import delete_environment
from environments.views.scope import ask_and_do, environment_refusal, person_of, usable_environment
from providers.kube.environment_objects import object_name


@ask_and_do
@environment_refusal
def environment_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    environment = usable_environment(request, pk)
    effects = [
        f"{environment.name} is stopped; what runs in it is interrupted.",
        f"Its home, {environment.disk_gb} GB of disk with everything in it, is deleted for good. There is no way back.",
        f"Its objects on {environment.provider.name} are removed, and its size counts for no quota any more.",
        "If the cluster does not answer, nothing is forgotten and you can try again.",
    ]
    return _delete(request, environment, title=f"Delete {environment.name}", label="Delete", effects=effects)


@ask_and_do
@environment_refusal
def environment_delete_anyway(request: HttpRequest, pk: UUID) -> HttpResponse:
    environment = usable_environment(request, pk)
    require_may_leave_objects(person_of(request), environment)
    provider, name = environment.provider, object_name(environment.name, environment.pk)
    effects = [
        f"{environment.name} is removed here. The cluster is not asked.",
        f"Whatever is named {name} in namespace {provider.namespace} of {provider.cluster_address} stays there, "
        "if the cluster still exists: Deployment, Service, ServiceAccount, NetworkPolicy, and the home.",
        "The log of this deletion goes with the environment; the audit trail keeps that it was done.",
    ]
    title = f"Delete {environment.name} and leave its objects behind"
    return _delete(request, environment, title=title, label="Delete anyway", effects=effects, leave_objects=True)


def _delete(
    request: HttpRequest,
    environment: Environment,
    *,
    title: str,
    label: str,
    effects: list[str],
    leave_objects: bool = False,
) -> HttpResponse:
    form = DeleteForm(request.POST if request.method == "POST" else None, environment=environment)
    if form.is_valid():
        delete_environment(actor=actor_of(request), environment=environment, leave_objects=leave_objects)
        return redirect("environments:environment_detail", pk=environment.pk)
    context = {
        "title": title,
        "submit_label": label,
        "effects": effects,
        "dangerous": True,
        "form": form,
        "environment": environment,
        "cancel_url": reverse("environments:environment_detail", args=[environment.pk]),
    }
    return render(request, "environments/environment_confirm_delete.html", context)
