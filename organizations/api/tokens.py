"""Your API tokens."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.debug import sensitive_variables
from ninja import Query, Router

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import ANYBODY, caller_of, person_of
from coderadmin.api.paging import Page, PageQuery, answer_page, page_of
from organizations.api.schemas import NewTokenOut, TokenIn, TokenOut
from organizations.choices import TokenScope
from organizations.forms import ApiTokenForm
from organizations.services import create_token, end_token

router = Router(auth=ANYBODY, tags=["API tokens"])


@router.get("", response=Page[TokenOut])
def list_tokens(request: HttpRequest, asked: Query[PageQuery]) -> dict[str, Any]:
    return answer_page(page_of(person_of(request).api_tokens.all(), asked, by="name"))


@router.post("", response={201: NewTokenOut})
@sensitive_variables()
def create_api_token(request: HttpRequest, body: TokenIn) -> dict[str, Any]:
    """A token makes only such that may not do more, and do not last longer, than itself."""
    form = checked(ApiTokenForm(form_data(body.model_dump())))
    scopes = [TokenScope(scope) for scope in form.cleaned_data["scopes"]]
    token, secret = create_token(
        actor=actor_of(request),
        name=form.cleaned_data["name"],
        scopes=scopes,
        days=form.cleaned_data["days"],
        within=caller_of(request).token,
    )
    return TokenOut.from_orm(token).model_dump(by_alias=True) | {"token": secret}


@router.delete("/{uuid:token_id}", response={204: None})
def end_api_token(request: HttpRequest, token_id: UUID) -> None:
    """At once: the next request with it, or with a token that was made with it, is refused."""
    end_token(actor=actor_of(request), token=get_object_or_404(person_of(request).api_tokens, pk=token_id))
