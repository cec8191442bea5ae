"""Denied attempts become audit rows: whoever is signed in and sends a form, or a call, that the policies refuse."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.encoding import escape_uri_path

from audit.models import AuditEvent
from audit.services import actor_of, event_of, record_all
from organizations.history import KINDS
from organizations.models import Organization

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_A_MINUTE = 3  # of one person and action: enough to tell of it, too few to fill the table
NO_AREA = frozenset({"manage", "admin", "api", "v0", "v1", "private"})  # at the beginning of paths
AREA_NAMES = {
    "workspace-provider": "provider",
    "resource-pool": "provider",
    "org": "organization",
    "workspace": "environment",
}
VERBS = {"PATCH": "update", "PUT": "update", "DELETE": "delete"}
KIND_OF_AREA = {
    "provider": "workspaceprovider",
    "environment": "environment",
    "organization": "organization",
    "user": "user",
    "operation": "operation",
}
LONGEST_ACTION = 64


class DeniedAttemptMiddleware:
    """Writes after the answer is made: what the view began in the database is rolled back by then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "was_denied", False) and request.method not in SAFE and request.user.is_authenticated:
            record_denied(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if isinstance(exception, PermissionDenied):
            note_denial(request)


def note_denial(request: HttpRequest) -> None:
    """For whoever turns PermissionDenied into an answer before the middleware sees it: the API."""
    request.was_denied = True  # type: ignore[attr-defined]


def record_denied(request: HttpRequest) -> None:
    """One row, with the address that was asked. Two or three queries."""
    actor, action = actor_of(request), _action(request)
    lately = AuditEvent.objects.filter(
        actor_name=actor.name,
        action=action,
        outcome=AuditEvent.Outcome.DENIED,
        at__gte=timezone.now() - timedelta(minutes=1),
    )
    if lately.count() < MOST_A_MINUTE:
        after = {"method": request.method, "path": escape_uri_path(request.path)}
        target = _target(request, action.partition(".")[0])
        organization = target.pk if isinstance(target, Organization) else getattr(target, "organization_id", None)
        denied = AuditEvent.Outcome.DENIED
        record_all(
            [
                event_of(
                    actor=actor, action=action, target=target, after=after, outcome=denied, organization=organization
                )
            ]
        )


def _action(request: HttpRequest) -> str:
    """By the path: /manage/admin/workspace-providers/<id>/rotate-token/ is provider.rotate_token."""
    match = request.resolver_match
    ids = {str(value) for value in match.kwargs.values()} if match else set()
    words = [word for word in request.path.split("/") if word and word not in ids and not word.isdecimal()]
    while words and words[0] in NO_AREA:
        words = words[1:]
    area = words[0] if words else ""
    area = area if area.endswith("ss") else area.removesuffix("s")
    area = AREA_NAMES.get(area, area)
    verb = "_".join(words[1:]) or VERBS.get(request.method or "", "create")
    return f"{area}.{verb}".replace("-", "_")[:LONGEST_ACTION]


def _target(request: HttpRequest, area: str) -> models.Model | None:
    """The object that the address names first, if it is there."""
    values = request.resolver_match.kwargs.values() if request.resolver_match else ()
    pk = next((value for value in values if isinstance(value, UUID)), None)
    kind = KINDS.get(KIND_OF_AREA.get(area, ""))
    return apps.get_model(kind.model)._default_manager.filter(pk=pk).first() if kind and pk else None
