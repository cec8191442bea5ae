"""Who did what, when, with what effect. Here, since the app `audit` knows no roles."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router

from audit.models import AuditEvent
from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import ANYBODY, person_of
from coderadmin.api.paging import Page, PageQuery, SearchText, answer_page, page_of
from organizations.api.schemas import AuditEventOut
from organizations.forms.audit import AuditFilterForm
from organizations.policies import can_read_audit, require

router = Router(auth=ANYBODY, tags=["Audit"])


class AuditQuery(PageQuery):
    q: SearchText = ""
    person: SearchText = Field("", description="The e-mail.")
    action: SearchText = Field("", description="Such as provider.deploy, or provider for all of them.")
    outcome: AuditEvent.Outcome | None = None
    organization: UUID | None = None
    object: SearchText = Field("", description="Type and id, such as workspaceprovider:ID.")
    since: datetime | None = None
    until: datetime | None = None


@router.get("", response=Page[AuditEventOut])
def list_audit_events(request: HttpRequest, asked: Query[AuditQuery]) -> dict[str, Any]:
    """Newest first."""
    require(can_read_audit(person_of(request)), "Only site managers and auditors see the audit trail.")
    form = checked(AuditFilterForm(form_data(asked.model_dump())))
    page, cursor = page_of(form.events(), asked, by="at", descending=True)
    return answer_page(([_described(event) for event in page], cursor))


def _described(event: AuditEvent) -> dict[str, Any]:
    return {
        "id": event.pk,
        "at": event.at,
        "actor": {"id": event.actor_id, "name": event.actor_name},
        "token": event.token_name,
        "address": event.address,
        "action": event.action,
        "target": {"type": event.target_type, "id": event.target_id, "name": event.target_name},
        "before": event.before,
        "after": event.after,
        "outcome": event.outcome,
    }
