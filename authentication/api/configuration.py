"""How people sign in to this deployment."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from audit.services import actor_of
from authentication import services
from authentication.addresses import redirect_uri, redirect_uris
from authentication.claims import Rule
from authentication.configuration import ClaimRule, Configuration
from authentication.discovery import ProviderError
from authentication.forms import OpenIDConnectForm
from authentication.limits import LONGEST_VALUE, MOST_RULES
from authentication.policies import require_manage_configuration, require_view_configuration
from coderadmin.api.bodies import Body
from coderadmin.api.callers import ANYBODY, person_of
from coderadmin.api.revisions import IF_MATCH, asked_revision, tag
from organizations.api.scope import editable_user
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Organization

router = Router(auth=ANYBODY, tags=["Authentication"])
own_router = Router(auth=ANYBODY, tags=["Authentication"])
user_router = Router(auth=ANYBODY, tags=["Authentication"])


class RuleOut(Schema):
    value: str = Field(description="In the claim of groups.")
    site_role: SiteRole | None = Field(description="What it gives: this, or a role in an organization.")
    organization: UUID | None
    organization_role: OrganizationRole | None


class AuthenticationOut(Schema):
    built_in: bool = Field(description="Whether people sign in with a password of this deployment.")
    openid_connect: bool
    issuer: str
    client_id: str
    has_client_secret: bool
    scopes: str
    button_label: str
    creates_accounts: bool = Field(description="At the first sign-in by OpenID Connect.")
    groups_claim: str
    rules: list[RuleOut]
    redirect_uris: list[str] = Field(description="To be entered at the provider.")


class SwitchesIn(Body):
    """What is left out stays."""

    built_in: bool | None = None
    openid_connect: bool | None = None
    way_in: str = Field("", max_length=255, description="How you would get in, if not by OpenID Connect.")


class RuleIn(Body):
    value: str = Field(min_length=1, max_length=LONGEST_VALUE)
    site_role: SiteRole | None = None
    organization: UUID | None = None
    organization_role: OrganizationRole | None = None


class OpenIDConnectIn(Body):
    """What is left out stays; another client needs its secret, too."""

    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    scopes: str | None = None
    button_label: str | None = None
    creates_accounts: bool | None = None
    groups_claim: str | None = None
    rules: list[RuleIn] | None = Field(None, max_length=MOST_RULES)


@router.get("", response=AuthenticationOut)
def get_authentication(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    require_view_configuration(person_of(request))
    return _answer(request, response)


@router.patch("", response=AuthenticationOut)
def update_authentication(request: HttpRequest, response: HttpResponse, body: SwitchesIn) -> dict[str, Any]:
    """Switch the ways in on and off. The site admin only."""
    actor = actor_of(request)
    require_manage_configuration(actor)
    with transaction.atomic():
        if body.openid_connect:
            services.set_openid_connect(actor=actor, on=True)
        if body.built_in is not None:
            services.set_built_in(actor=actor, on=body.built_in, way_in=body.way_in)
        if body.openid_connect is False:
            services.set_openid_connect(actor=actor, on=False)
    return _answer(request, response)


@router.patch("/openid-connect", response=AuthenticationOut, openapi_extra=IF_MATCH)
def update_openid_connect(request: HttpRequest, response: HttpResponse, body: OpenIDConnectIn) -> dict[str, Any]:
    """The sign-in service and the roles by claim, tried before they are stored. The site admin only."""
    actor, stored = actor_of(request), Configuration.load()
    require_manage_configuration(actor)
    seen = asked_revision(request, stored.revision)
    sent = {name: value for name, value in body.dict(exclude={"rules"}).items() if value is not None}
    present = {name: getattr(stored, name) for name in OpenIDConnectForm.base_fields if name != "client_secret"}
    form = OpenIDConnectForm(present | sent | {"revision": seen}, stored=stored)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    rules = services.load_rules() if body.rules is None else _rules(body.rules)
    try:
        services.save_openid_connect(
            actor=actor, seen=seen, values=form.values(), rules=rules, redirect_uri=redirect_uri(request)
        )
    except ProviderError as error:
        raise ValidationError({error.field: error.text}) from error
    return _answer(request, response)


@own_router.delete("", response={204: None})
def unlink_account(request: HttpRequest) -> None:
    """Your account of the sign-in service does not open yours here any more. Linking takes a browser."""
    services.unlink(actor=actor_of(request), user=person_of(request))


@user_router.delete("/{uuid:user_id}/link", response={204: None})
def unlink_user(request: HttpRequest, user_id: UUID) -> None:
    """The account of the sign-in service that opens this one does not any more."""
    services.unlink(actor=actor_of(request), user=editable_user(request, user_id))


def _answer(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    stored = Configuration.load()
    tag(response, stored.revision)
    names = set(AuthenticationOut.model_fields) - {"has_client_secret", "rules", "redirect_uris"}
    return {name: getattr(stored, name) for name in names} | {
        "has_client_secret": bool(stored.client_secret),
        "rules": [_rule_out(rule) for rule in ClaimRule.objects.all()],
        "redirect_uris": redirect_uris(request),
    }


def _rule_out(rule: ClaimRule) -> dict[str, Any]:
    return {
        "value": rule.value,
        "site_role": rule.site_role or None,
        "organization": rule.organization_id,
        "organization_role": rule.organization_role or None,
    }


def _rules(sent: list[RuleIn]) -> list[Rule]:
    """Raises ValidationError."""
    known = set(Organization.objects.values_list("pk", flat=True))
    for rule in sent:
        gives_site = rule.site_role is not None and rule.organization is None and rule.organization_role is None
        gives_there = rule.site_role is None and rule.organization in known and rule.organization_role is not None
        if rule.site_role == SiteRole.ADMIN:
            raise ValidationError({"rules": "No claim makes a site admin."})
        if not gives_site and not gives_there:
            said = f"“{rule.value}” must give a site role, or a role in an organization that is there."
            raise ValidationError({"rules": said})
    return [
        Rule(
            value=rule.value,
            site_role=rule.site_role or "",
            organization=rule.organization,
            organization_role=rule.organization_role or "",
        )
        for rule in sent
    ]
