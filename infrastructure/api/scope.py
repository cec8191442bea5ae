"""Which change or rollout a request is about, and whether the caller may touch it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import person_of
from infrastructure.api.schemas import RolloutOptions
from infrastructure.forms import RolloutForm
from infrastructure.models import AccessURLChange, Rollout, RolloutStep
from infrastructure.policies import require_manage, require_view
from infrastructure.services.rollouts import choose_canary
from providers.models import WorkspaceProvider


def require_reader(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    require_view(person_of(request))


def require_manager(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    require_manage(actor_of(request))


def read_change(request: HttpRequest, pk: UUID) -> AccessURLChange:
    """Raises PermissionDenied, Http404."""
    require_reader(request)
    return get_object_or_404(AccessURLChange, pk=pk)


def managed_change(request: HttpRequest, pk: UUID) -> AccessURLChange:
    """The same, for those who may act on it."""
    require_manager(request)
    return get_object_or_404(AccessURLChange, pk=pk)


def read_rollout(request: HttpRequest, pk: UUID) -> Rollout:
    """Raises PermissionDenied, Http404."""
    require_reader(request)
    return get_object_or_404(Rollout, pk=pk)


def managed_rollout(request: HttpRequest, pk: UUID) -> Rollout:
    """The same, for those who may act on it."""
    require_manager(request)
    return get_object_or_404(Rollout, pk=pk)


def managed_step(request: HttpRequest, pk: UUID, step: int) -> tuple[Rollout, RolloutStep]:
    rollout = managed_rollout(request, pk)
    return rollout, get_object_or_404(rollout.steps, pk=step)


def rollout_options(body: RolloutOptions, providers: Sequence[WorkspaceProvider]) -> dict[str, Any]:
    """`canary` and `failure_limit` for the services. Raises ValidationError."""
    canary = body.canary or choose_canary(providers)
    form = checked(RolloutForm(form_data({"canary": canary, "failure_limit": body.failure_limit}), providers=providers))
    return {"canary": form.cleaned_data.get("canary"), "failure_limit": form.cleaned_data["failure_limit"]}
