"""Who may use what: one provider's allowlist, the same from the side of an organization, and the matrix."""

from typing import Any
from uuid import UUID

from django.db.models.functions import Lower
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from audit.services import Actor, actor_of
from coderadmin.api.bodies import Named
from coderadmin.api.callers import ABOUT_PROVIDERS, person_of
from coderadmin.api.paging import Page, PageQuery, SearchText, answer_page, page_of
from coderadmin.api.schema import may_answer
from organizations.api.scope import visible_organizations
from organizations.models import Organization
from organizations.policies import require
from providers.access import NOTHING, load_grid, present_access
from providers.api.access_schemas import (
    AccessAnswer,
    AccessPatch,
    AllowlistEntryOut,
    AllowlistIn,
    MatrixOut,
    OrganizationProviderOut,
)
from providers.api.schemas import ImpactOut
from providers.api.scope import managed_provider, read_provider
from providers.choices import Access
from providers.confirmations import sentence_of
from providers.errors import StaleRevisionError
from providers.impact import Impact, impact_of_access
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.policies import can_view_access, require_manage, require_view
from providers.rules import Pair
from providers.services import AllowlistChange, change_allowlist, preview_allowlist

TAGS = ["Access"]
MOST_COLUMNS = 200
of_provider = Router(auth=ABOUT_PROVIDERS, tags=TAGS)
of_organization = Router(auth=ABOUT_PROVIDERS, tags=TAGS)
matrix = Router(auth=ABOUT_PROVIDERS, tags=TAGS)


@of_provider.get("/{uuid:provider_id}/allowlist", response=Page[AllowlistEntryOut])
def get_allowlist(request: HttpRequest, provider_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    """The organizations that may use the provider, by name; others have no access."""
    provider = read_provider(request, provider_id)
    entries = AllowlistEntry.objects.filter(provider=provider).select_related("organization")
    page, cursor = page_of(entries, asked, by=Lower("organization__name"))
    organizations = [entry.organization for entry in page]
    grid = load_grid([provider], organizations)
    items = [{"organization": each, **_cell(grid.cell(provider, each))} for each in organizations]
    return answer_page((items, cursor))


@of_provider.put("/{uuid:provider_id}/allowlist", response=AccessAnswer, openapi_extra=may_answer(412))
def put_allowlist(request: HttpRequest, provider_id: UUID, body: AllowlistIn, dry_run: bool = False) -> dict[str, Any]:
    """All of it at once; what is not named loses its access. `dry_run` tells what it would mean."""
    provider = managed_provider(request, provider_id)
    present = AllowlistEntry.objects.filter(provider=provider).values_list("organization", flat=True)
    wishes = {(provider_id, organization): Access.NONE for organization in present}
    wishes |= {(provider_id, entry.organization): entry.access for entry in body.organizations}
    return _change(actor_of(request), wishes, dry_run=dry_run)


@of_organization.get("/{uuid:organization_id}/providers", response=Page[OrganizationProviderOut])
def list_organization_providers(request: HttpRequest, organization_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    """What the organization may use, by name: for site managers and for its own managers."""
    organization = get_object_or_404(visible_organizations(request), pk=organization_id)
    allowed = can_view_access(person_of(request), organization)
    require(allowed, "Only those who manage the organization see which providers it may use.")
    entries = AllowlistEntry.objects.filter(organization=organization).select_related("provider")
    page, cursor = page_of(entries, asked, by=Lower("provider__name"))
    providers = [entry.provider for entry in page]
    grid = load_grid(providers, [organization])
    items = [{"provider": each, **_cell(grid.cell(each, organization))} for each in providers]
    return answer_page((items, cursor))


class MatrixQuery(PageQuery):
    organization: SearchText = ""
    provider: SearchText = ""


@matrix.get("", response=MatrixOut)
def get_access_matrix(request: HttpRequest, asked: Query[MatrixQuery]) -> dict[str, Any]:
    """Organizations by pages, and at most 200 providers, both searched by name."""
    require_view(person_of(request))
    found = WorkspaceProvider.objects.filter(name__icontains=asked.provider).sorted_by("name")
    providers = list(found[:MOST_COLUMNS])
    rows, cursor = page_of(Organization.objects.search(asked.organization), asked, by=Lower("name"))
    grid = load_grid(providers, rows)
    items = []
    for organization in rows:
        cells = zip(providers, grid.row(organization), strict=True)
        filled = [{"provider": each.pk, **_cell(cell)} for each, cell in cells if cell is not NOTHING]
        items.append({"organization": organization, "cells": filled})
    return {"providers": providers} | answer_page((items, cursor))


class AccessEntryOut(Schema):
    provider: Named
    organization: Named
    access: Access


@matrix.get("/entries", response=Page[AccessEntryOut])
def list_access_entries(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """The same as a list, without counts and however many providers there are: each entry of each allowlist."""
    require_view(person_of(request))
    entries = AllowlistEntry.objects.select_related("provider", "organization")
    page, cursor = page_of(entries, asked)
    return answer_page(([_entry(entry) for entry in page], cursor))


@matrix.patch("", response=AccessAnswer, openapi_extra=may_answer(412))
def change_access(request: HttpRequest, body: AccessPatch, dry_run: bool = False) -> dict[str, Any]:
    """All of the changes or none. `dry_run` tells what they would mean, and changes nothing."""
    actor = actor_of(request)
    require_manage(actor)
    wishes = {(change.provider, change.organization): change.access for change in body.changes}
    shown = {(change.provider, change.organization): change.was for change in body.changes if change.was}
    _require_as_shown(shown, wishes)
    return _change(actor, wishes, dry_run=dry_run)


def impact_out(impact: Impact) -> dict[str, Any]:
    plain = ImpactOut.model_fields.keys() - {"summary", "warning"}
    return {name: getattr(impact, name) for name in plain} | {
        "summary": impact.affected(),
        "warning": impact.warning(),
    }


def _entry(entry: AllowlistEntry) -> dict[str, Any]:
    access = Access.CLOSING if entry.closing else Access.OPEN
    return {"provider": entry.provider, "organization": entry.organization, "access": access}


def _cell(cell: Any) -> dict[str, Any]:
    return {"access": cell.present, "running": cell.running, "stopped": cell.stopped}


def _change(actor: Actor, wishes: dict[Pair, Access], *, dry_run: bool) -> dict[str, Any]:
    """Also what it means for people, which is looked up before it is done."""
    planned = preview_allowlist(actor=actor, wishes=wishes)
    impact = impact_of_access({(each.provider.pk, each.organization.pk): each.new for each in planned})
    done = planned if dry_run else change_allowlist(actor=actor, wishes=wishes)
    return {"dry_run": dry_run, "changes": [_described(each) for each in done], "impact": impact_out(impact)}


def _described(change: AllowlistChange) -> dict[str, Any]:
    return {
        "provider": change.provider,
        "organization": change.organization,
        "old": change.old,
        "new": change.new,
        "sentence": sentence_of(change),
    }


def _require_as_shown(shown: dict[Pair, Access], wishes: dict[Pair, Access]) -> None:
    """Raises StaleRevisionError when somebody else changed one of them meanwhile. One query."""
    present = present_access({pair[0] for pair in shown}, {pair[1] for pair in shown})
    overtaken = [pair for pair, was in shown.items() if present.get(pair, Access.NONE) not in (was, wishes[pair])]
    if overtaken:
        raise StaleRevisionError(
            f"Somebody else changed {len(overtaken)} of these meanwhile.",
            remedy="Get the present state and decide again.",
        )
