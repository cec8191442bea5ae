"""Writing the audit trail."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction
from django.http import HttpRequest

from audit.export import document_of
from audit.models import AuditEvent

log = logging.getLogger("audit.log")  # one JSON object a line, to standard output

SYSTEM_NAME = "system"
ANONYMOUS_NAME = "anonymous"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """On whose behalf something happens, and from which address. `alias` names whoever is not a user.

    `token_name`: of the API token that the user asked with.
    """

    user: AbstractBaseUser | None = None
    address: str | None = None
    alias: str = SYSTEM_NAME
    token_name: str = ""

    @property
    def name(self) -> str:
        return self.user.get_username() if self.user else self.alias


SYSTEM = Actor()


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person of a request, or nobody known, with the client's address."""
    user = request.user if request.user.is_authenticated else None
    token = getattr(getattr(request, "caller", None), "token", None)  # of the API and of the original protocol
    token_name = token.name if token else ""
    return Actor(user=user, address=client_address(request), alias=ANONYMOUS_NAME, token_name=token_name)


def client_address(request: HttpRequest) -> str | None:
    """The client's address as the server sees it; None over a Unix socket."""
    return request.META.get("REMOTE_ADDR") or None


def event_of(
    *,
    actor: Actor,
    action: str,
    target: models.Model | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    outcome: AuditEvent.Outcome = AuditEvent.Outcome.SUCCEEDED,
    organization: UUID | None = None,
) -> AuditEvent:
    """A row to write. The caller passes changed fields only, never a secret; `organization`: whom it concerns."""
    return AuditEvent(
        actor_id=actor.user.pk if actor.user else None,
        actor_name=actor.name,
        token_name=actor.token_name,
        address=actor.address,
        action=action,
        target_type=str(target._meta.model_name) if target else "",
        target_id=str(target.pk or "") if target else "",
        target_name=str(target)[:255] if target else "",
        organization_id=str(organization or ""),
        before=dict(before or {}),
        after=dict(after or {}),
        outcome=outcome,
    )


def record(
    *,
    actor: Actor,
    action: str,
    target: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    outcome: AuditEvent.Outcome = AuditEvent.Outcome.SUCCEEDED,
    organization: UUID | None = None,
) -> AuditEvent:
    """Write one row, as of `event_of`, in the caller's transaction."""
    event = event_of(
        actor=actor,
        action=action,
        target=target,
        before=before,
        after=after,
        outcome=outcome,
        organization=organization,
    )
    return record_all([event])[0]


def record_all(events: Sequence[AuditEvent]) -> Sequence[AuditEvent]:
    """Write rows in the caller's transaction, in one query; once committed, a line of each to standard output."""
    AuditEvent.objects.bulk_create(events)
    transaction.on_commit(partial(_log, events), robust=True)
    return events


def _log(events: Sequence[AuditEvent]) -> None:
    for event in events:
        log.info(json.dumps(document_of(event)))
