"""The access URL, and who uses which."""

from typing import Any

from django.db.models.functions import Lower
from django.http import HttpRequest
from ninja import Query, Router

from coderadmin.api.callers import ANYBODY
from coderadmin.api.paging import Page, PageQuery, answer_page, page_of
from infrastructure.api.schemas import AccessUrlOut, AccessUrlUse, change_out
from infrastructure.api.scope import require_reader
from infrastructure.overview import load_overview
from infrastructure.querysets import remote_providers

router = Router(auth=ANYBODY, tags=["Access URL"])


@router.get("", response=AccessUrlOut)
def get_access_url(request: HttpRequest) -> dict[str, Any]:
    """The one in use, and the change that is under way."""
    require_reader(request)
    overview = load_overview()
    current, accepted, change = overview.current, overview.accepted, overview.active_change
    return {
        "url": overview.url,
        "since": current.since if current else None,
        "set_by_name": current.set_by_name if current else "",
        "accepted": accepted.url if accepted else "",
        "change": change_out(change) if change else None,
    }


@router.get("/use", response=Page[AccessUrlUse])
def list_access_url_use(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """Which access URL each remote provider uses, by name."""
    require_reader(request)
    page, cursor = page_of(remote_providers(), asked, by=Lower("name"))
    return answer_page(([{"provider": each, "access_url": each.last_beat_access_url} for each in page], cursor))
