"""“Why can't I?”: every rule about a person, an organization and a provider, with its verdict."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import ABOUT_PROVIDERS, person_of
from coderadmin.api.paging import SearchText
from environments.api.schemas import WhyOut, why_out
from environments.forms import WhyForm

router = Router(auth=ABOUT_PROVIDERS, tags=["Access"])


class WhyQuery(Schema):
    organization: UUID
    provider: UUID
    person: SearchText = Field("", description="The e-mail, for site managers and auditors. Left out: you.")
    cpu_cores: Decimal | None = None
    memory_gb: Decimal | None = None
    disk_gb: int | None = None
    gpus: int | None = None


@router.get("", response=WhyOut)
def ask_why(request: HttpRequest, asked: Query[WhyQuery]) -> dict[str, Any]:
    """Whether the person could place a new environment there now, and every rule that says so."""
    asker = person_of(request)
    form = WhyForm(form_data(asked.model_dump()), asker=asker)
    if not form.for_anyone and asked.person.strip().lower() not in ("", asker.email):
        raise PermissionDenied("Only site managers and auditors ask for other people.")
    return why_out(checked(form).answer())
