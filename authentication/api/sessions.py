"""Sessions: your own, and, for those who may edit an account, those of its person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from audit.services import actor_of
from authentication import services
from authentication.models import Session
from coderadmin.api.callers import ANYBODY, caller_of, person_of
from coderadmin.api.paging import Page, PageQuery, answer_page, page_of
from organizations.api.scope import editable_user
from organizations.models import User

own_router = Router(auth=ANYBODY, tags=["Sessions"])
router = Router(auth=ANYBODY, tags=["Sessions"])


class SessionOut(Schema):
    id: UUID
    device: str = Field(description="What the browser says it is.")
    address: str | None = Field(description="From which it was last seen.")
    created_at: datetime
    seen_at: datetime = Field(description="To about ten minutes.")
    expires_at: datetime


@own_router.get("", response=Page[SessionOut])
def list_sessions(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    """Browsers in which you are signed in, the newest first. API tokens are no sessions."""
    return _page(person_of(request), asked)


@own_router.delete("/{uuid:session_id}", response={204: None})
def end_session(request: HttpRequest, session_id: UUID) -> None:
    """That browser is signed out at its next request."""
    _end(request, person_of(request), session_id)


@own_router.delete("", response={204: None})
def end_sessions(request: HttpRequest) -> None:
    """All of them, but for the one that this request came with, if it came with one."""
    user = services.end_sessions(actor=actor_of(request), user=person_of(request))
    if caller_of(request).token is None:
        update_session_auth_hash(request, user)


@router.get("/{uuid:user_id}/sessions", response=Page[SessionOut])
def list_user_sessions(request: HttpRequest, user_id: UUID, asked: Query[PageQuery]) -> dict[str, Any]:
    return _page(editable_user(request, user_id), asked)


@router.delete("/{uuid:user_id}/sessions/{uuid:session_id}", response={204: None})
def end_user_session(request: HttpRequest, user_id: UUID, session_id: UUID) -> None:
    _end(request, editable_user(request, user_id), session_id)


@router.delete("/{uuid:user_id}/sessions", response={204: None})
def end_user_sessions(request: HttpRequest, user_id: UUID) -> None:
    """All of them: the person can sign in again. Environments that are open in a browser must be opened again."""
    services.end_sessions(actor=actor_of(request), user=editable_user(request, user_id))


def _page(user: User, asked: PageQuery) -> dict[str, Any]:
    return answer_page(page_of(Session.objects.live_of(user), asked, by="created_at", descending=True))


def _end(request: HttpRequest, user: User, pk: UUID) -> None:
    """Raises Http404."""
    services.end_session(actor=actor_of(request), session=get_object_or_404(Session.objects.live_of(user), pk=pk))
