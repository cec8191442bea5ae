"""Writing the audit trail."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.http import HttpRequest

from audit.models import AuditEvent

logger = logging.getLogger(__name__)

SYSTEM_NAME = "system"
ANONYMOUS_NAME = "anonymous"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """On whose behalf something happens, and from which address. `alias` names whoever is not a user."""

    user: AbstractBaseUser | None = None
    address: str | None = None
    alias: str = SYSTEM_NAME

    @property
    def name(self) -> str:
        return self.user.get_username() if self.user else self.alias


SYSTEM = Actor()


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person of a request, or nobody known, with the client's address."""
    user = request.user if request.user.is_authenticated else None
    return Actor(user=user, address=client_address(request), alias=ANONYMOUS_NAME)


def client_address(request: HttpRequest) -> str | None:
    """The client's address as the server sees it; None over a Unix socket."""
    return request.META.get("REMOTE_ADDR") or None


def record(
    *,
    actor: Actor,
    action: str,
    target: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    outcome: AuditEvent.Outcome = AuditEvent.Outcome.SUCCEEDED,
) -> AuditEvent:
    """Write one row, in the caller's transaction. The caller passes changed fields only, and never a secret."""
    event = AuditEvent.objects.create(
        actor_id=actor.user.pk if actor.user else None,
        actor_name=actor.name,
        address=actor.address,
        action=action,
        target_type=target._meta.model_name or "",
        target_id=str(target.pk or ""),
        target_name=str(target)[:255],
        before=dict(before or {}),
        after=dict(after or {}),
        outcome=outcome,
    )
    logger.info(
        "audit %s",
        json.dumps(
            {
                "id": event.pk,
                "actor": event.actor_name,
                "action": action,
                "target": event.target_name,
                "outcome": outcome,
            }
        ),
    )
    return event
