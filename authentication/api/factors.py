"""Second factors: yours, those of a person who lost them, and who must have one. They are added in a browser."""

from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from audit.services import actor_of
from authentication import services
from authentication.factor_forms import FactorNameForm
from authentication.factors import FactorDemand, factor_in_words, factors_of
from authentication.policies import require_view_configuration
from coderadmin.api.bodies import Body, checked, form_data
from coderadmin.api.callers import ANYBODY, person_of
from coderadmin.api.paging import Page, PageQuery, answer_page, page_of
from organizations.api.scope import editable_user
from organizations.choices import SiteRole
from organizations.models import User

own_router = Router(auth=ANYBODY, tags=["Second factors"])
user_router = Router(auth=ANYBODY, tags=["Second factors"])
router = Router(auth=ANYBODY, tags=["Second factors"])


class FactorOut(Schema):
    id: int
    factor: str = Field(description="“Authenticator app” or “Passkey”, and its name.")
    created_at: datetime
    last_used_at: datetime | None


class FactorIn(Body):
    name: str = Field(description="To tell it from others.")


class Demand(Body):
    site_roles: list[SiteRole] = Field(description="Everybody of these must have a second factor.")


@own_router.get("", response=Page[FactorOut])
def list_second_factors(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """Yours. The web page adds and removes them."""
    return _page(person_of(request), asked)


@own_router.patch("/{int:factor_id}", response=FactorOut)
def rename_second_factor(request: HttpRequest, factor_id: int, body: FactorIn) -> dict[str, Any]:
    factor = get_object_or_404(factors_of(person_of(request)).select_related("user"), pk=factor_id)
    form = checked(FactorNameForm(form_data(body.model_dump())))
    services.rename_factor(actor=actor_of(request), factor=factor, name=form.cleaned_data["name"])
    factor.refresh_from_db()
    return _factor_out(factor)


@user_router.get("/{uuid:user_id}/second-factors", response=Page[FactorOut])
def list_user_second_factors(request: HttpRequest, user_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    return _page(editable_user(request, user_id), asked)


@user_router.delete("/{uuid:user_id}/second-factors", response={204: None})
def reset_second_factors(request: HttpRequest, user_id: UUID) -> None:
    """All of a person who lost them, and the recovery codes. Not your own."""
    services.reset_factors(actor=actor_of(request), user=editable_user(request, user_id))


@router.get("", response=Demand)
def get_second_factor_demand(request: HttpRequest) -> dict[str, Any]:
    require_view_configuration(request.user)
    return {"site_roles": list(FactorDemand.objects.order_by("site_role").values_list("site_role", flat=True))}


@router.put("", response=Demand)
def put_second_factor_demand(request: HttpRequest, body: Demand) -> dict[str, Any]:
    """From the next request on, whoever must have one and has none reaches the page that adds one, and no other."""
    services.set_demand(actor=actor_of(request), roles=body.site_roles)
    return get_second_factor_demand(request)


def _page(user: User, asked: PageQuery) -> dict[str, Any]:
    factors, cursor = page_of(factors_of(user), asked, by="created_at")
    return answer_page(([_factor_out(each) for each in factors], cursor))


def _factor_out(factor: Authenticator) -> dict[str, Any]:
    return {
        "id": factor.pk,
        "factor": factor_in_words(factor),
        "created_at": factor.created_at,
        "last_used_at": factor.last_used_at,
    }
