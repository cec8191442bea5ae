"""API tokens."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.debug import sensitive_variables

from audit.services import actor_of
from coderadmin.api.callers import caller_of
from coderadmin.wire.bodies import Body, moment, read
from coderadmin.wire.routes import Routes
from organizations.choices import TokenScope
from organizations.models import ApiToken
from organizations.policies import require_end_tokens, require_own_tokens
from organizations.services import create_token, end_token, regenerate_token
from organizations.wire.scope import named_user

ALL, ONE = "api/v0/api-keys/<str:user>", "api/v0/api-keys/<str:user>/<uuid:pk>"
routes = Routes()


class NewToken(Body):
    name: str


@routes.add("GET", ALL)
def list_tokens(request: HttpRequest, user: str) -> list[dict[str, Any]]:
    account = named_user(request, user)
    require_end_tokens(actor_of(request), account)
    return [_shape(token) for token in account.api_tokens.all()]


@routes.add("GET", ONE)
def get_token(request: HttpRequest, user: str, pk: UUID) -> dict[str, Any]:
    return _shape(_token(request, user, pk))


@routes.add("POST", ALL, status=HTTPStatus.CREATED)
@sensitive_variables()
def create_api_token(request: HttpRequest, user: str) -> dict[str, str]:
    """May what its person may, and ends no later than the token that asks for it."""
    actor = actor_of(request)
    require_own_tokens(actor, named_user(request, user))
    sent, within = read(request, NewToken), caller_of(request).token
    _, secret = create_token(actor=actor, name=sent.name, scopes=[TokenScope.WRITE], within=within)
    return {"key": secret}


@routes.add("POST", f"{ONE}/regen")
@sensitive_variables()
def regenerate_api_token(request: HttpRequest, user: str, pk: UUID) -> dict[str, str]:
    token, within = _token(request, user, pk), caller_of(request).token
    assert within is not None  # noqa: S101 - nobody comes here without one
    return {"key": regenerate_token(actor=actor_of(request), token=token, within=within)}


@routes.add("DELETE", ONE)
def delete_token(request: HttpRequest, user: str, pk: UUID) -> None:
    end_token(actor=actor_of(request), token=_token(request, user, pk))


def _token(request: HttpRequest, user: str, pk: UUID) -> ApiToken:
    """Raises Http404, PermissionDenied."""
    account = named_user(request, user)
    require_end_tokens(actor_of(request), account)
    token: ApiToken = get_object_or_404(account.api_tokens.select_related("user"), pk=pk)
    return token


def _shape(token: ApiToken) -> dict[str, Any]:
    return {
        "id": str(token.pk),
        "name": token.name,
        "application": False,
        "user_id": str(token.user_id),
        "last_used": moment(token.last_used_at),
    }
