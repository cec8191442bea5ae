"""API tokens: one's own, and, for the site admin, those of other people."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from audit.services import actor_of
from organizations import confirmations
from organizations.choices import TokenScope
from organizations.errors import RefusedError
from organizations.forms import ApiTokenForm
from organizations.forms.errors import add_service_errors
from organizations.models import ApiToken, User
from organizations.policies import require_end_tokens
from organizations.services import create_token, end_token
from organizations.views.scope import ask_and_do, managed_user, person_of


@require_safe
def token_list(request: HttpRequest) -> HttpResponse:
    return render(request, "organizations/token_list.html", {"tokens": _tokens_of(person_of(request))})


@never_cache
@ask_and_do
@sensitive_variables()
def token_create(request: HttpRequest) -> HttpResponse:
    """Sent twice, the second one finds the name taken."""
    form = ApiTokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        wanted = form.cleaned_data | {"scopes": [TokenScope(scope) for scope in form.cleaned_data["scopes"]]}
        try:
            token, secret = create_token(actor=actor_of(request), **wanted)
        except ValidationError as error:
            add_service_errors(form, error)
        except RefusedError as refusal:
            form.add_error(None, f"{refusal.message} {refusal.remedy}".strip())
        else:
            return render(request, "organizations/token_secret.html", {"token": token, "secret": secret})
    return render(request, "organizations/token_form.html", {"form": form})


@ask_and_do
def token_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(person_of(request).api_tokens, pk=pk)
    return _end(request, token, reverse("organizations:token_list"))


@require_safe
def user_tokens(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = _person_with_tokens(request, pk)
    return render(request, "organizations/user_tokens.html", {"account": user, "tokens": _tokens_of(user)})


@ask_and_do
def user_token_end(request: HttpRequest, pk: UUID, token: UUID) -> HttpResponse:
    user = _person_with_tokens(request, pk)
    row = get_object_or_404(ApiToken.objects.select_related("user"), user=user, pk=token)
    return _end(request, row, reverse("organizations:user_tokens", args=[pk]))


def _tokens_of(user: User) -> QuerySet[ApiToken]:
    return user.api_tokens.select_related("made_with")


def _person_with_tokens(request: HttpRequest, pk: UUID) -> User:
    """Raises PermissionDenied, Http404."""
    user = managed_user(request, pk)
    require_end_tokens(actor_of(request), user)
    return user


def _end(request: HttpRequest, token: ApiToken, back: str) -> HttpResponse:
    if request.method == "POST":
        end_token(actor=actor_of(request), token=token)
        messages.success(request, f"The token {token.name} has ended.")
        return redirect(back)
    confirmation = confirmations.of_token_end(token)
    return render(request, "confirm.html", confirmation.__dict__ | {"cancel_url": back})
