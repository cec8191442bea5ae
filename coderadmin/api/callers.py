"""Who calls: the person of an API token, or of a session; and what a token's scopes allow."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from coderadmin.api.problems import ProblemError
from organizations.choices import TokenScope
from organizations.middleware import lacks_factor
from organizations.models import ApiToken, User
from organizations.policies import require

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, kw_only=True)
class Caller:
    """`token` is None for a person who is signed in."""

    user: User
    token: ApiToken | None = None


def caller_of(request: HttpRequest) -> Caller:
    """Of a route that asks for one: `coderadmin.api.endpoint` has found out."""
    return cast(Caller, request.caller)  # type: ignore[attr-defined]


def person_of(request: HttpRequest) -> User:
    return caller_of(request).user


class Token(HttpBearer):
    """A live token whose scopes fit the request. `providers`: the route is about workspace providers."""

    def __init__(self, *, providers: bool = False) -> None:
        super().__init__()
        self.providers = providers

    def __call__(self, request: HttpRequest) -> Caller | None:
        caller: Caller | None = getattr(request, "caller", None)
        if caller is None or caller.token is None:
            return None
        reads = request.method in SAFE
        fitting = {TokenScope.WRITE} | ({TokenScope.READ} if reads else set())
        if self.providers:
            fitting.add(TokenScope.PROVIDERS)
        require(
            not fitting.isdisjoint(caller.token.scopes),
            f"The scopes of this token do not include it. It takes one of: {', '.join(sorted(fitting))}.",
        )
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> None:
        """`__call__` does it all."""


class Session(APIKeyCookie):
    """A person who is signed in in a browser; changes need the CSRF token."""

    param_name = str(settings.SESSION_COOKIE_NAME)

    def __call__(self, request: HttpRequest) -> Caller | None:
        caller: Caller | None = getattr(request, "caller", None)
        return caller if caller and caller.token is None else None

    def authenticate(self, request: HttpRequest, key: str | None) -> None:
        """`__call__` does it all."""


def require_own_password(caller: Caller) -> None:
    """Raises ProblemError while it is a temporary one."""
    if caller.user.must_change_password:
        detail = "Your password is a temporary one. Sign in on the web page and choose another."
        raise ProblemError(HTTPStatus.FORBIDDEN, "password_change_required", detail)


def require_second_factor(request: HttpRequest, caller: Caller) -> None:
    """Of a session. Raises ProblemError while its person must have one and has none."""
    if caller.token is None and lacks_factor(request):
        detail = "Your site role needs a second factor. Add one on the web page, under your account."
        raise ProblemError(HTTPStatus.FORBIDDEN, "second_factor_required", detail)


ANYBODY = [Token(), Session()]
ABOUT_PROVIDERS = [Token(providers=True), Session()]
