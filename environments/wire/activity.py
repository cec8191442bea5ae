"""What clients tell about an environment's use, and what we do not have for it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone

from coderadmin.api.callers import person_of
from coderadmin.wire.bodies import Body, read
from coderadmin.wire.routes import Routes, families
from environments.errors import RefusedError
from environments.models import Environment
from environments.wire.environments import ONE, UNAVAILABLE, usable_environment

routes = Routes()


class Use(Body):
    environment_id: UUID | None = None
    workspace_id: UUID | None = None


@routes.add("POST", "api/private/metrics/usage/push")
def push_usage(request: HttpRequest) -> dict[str, str]:
    """Its owner is at it: the idle time begins anew. The client takes nothing but 200."""
    sent = read(request, Use)
    pk = sent.environment_id or sent.workspace_id
    if pk is None or not Environment.objects.filter(owner=person_of(request), pk=pk).exists():
        raise Http404
    Environment.objects.update_unlocked([pk], active_at=timezone.now())
    return {}


@routes.add(
    "POST",
    *families("api/private/environments/template/parse"),
    *families("api/private/environments/template/policy"),
    *families("api/private/orgs/<uuid:pk>/environments/from-repo"),
)
def refuse_templates(request: HttpRequest, pk: UUID | None = None) -> None:
    raise RefusedError(UNAVAILABLE["template_id"], remedy="Create the environment with its image and size.")


@routes.add("GET", *families(f"{ONE}/devurls"))
def list_dev_urls(request: HttpRequest, pk: UUID) -> list[Any]:
    """None can be made yet."""
    usable_environment(request, pk)
    return []


@routes.add("POST", *families(f"{ONE}/devurls"))
def refuse_dev_url(request: HttpRequest, pk: UUID) -> None:
    raise RefusedError("Dev URLs are not available here.", remedy="Open the environment from its page.")
