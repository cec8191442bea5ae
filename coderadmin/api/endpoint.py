"""What happens around every route: who calls, how often, done once, and an answer that no cache keeps."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import TypeVar

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from audit.services import client_address
from coderadmin.access_url import AccessURLCsrfMiddleware
from coderadmin.api.callers import SAFE, Caller, require_own_password, require_second_factor
from coderadmin.api.idempotency import once
from coderadmin.api.problems import ProblemError, problem, unauthorized
from coderadmin.api.rates import Rate, count_request, count_stranger
from organizations.models import User
from organizations.services import find_token

View = Callable[..., HttpResponse]
Result = TypeVar("Result")


def endpoint(view: View) -> View:
    """A token decides alone: cookies that come with it mean nothing. A session needs its CSRF token for changes."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        rate: Rate | None = None
        try:
            read_body(request)
            caller = admitted(request, find_caller)
            request.caller = caller  # type: ignore[attr-defined]
            rate = count_request(caller) if caller else count_stranger(client_address(request))
            require_room(rate)
            if caller:
                require_own_password(caller)
                require_second_factor(request, caller)
            response = once(request, caller, lambda: view(request, *args, **kwargs))
            if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
                response = _wrong_method(request, response["Allow"])
        except ProblemError as error:
            response = error.response()
        response["Cache-Control"] = "no-store"
        for name, value in (rate.headers() if rate else {}).items():
            response[name] = value
        return response

    return wrapped


def admitted(request: HttpRequest, find: Callable[[HttpRequest], Result]) -> Result:
    """What `find` finds. Who comes with nothing that opens is told so only so often. Raises ProblemError."""
    try:
        return find(request)
    except ProblemError:
        require_room(count_stranger(client_address(request)))
        raise


@sensitive_variables()
def find_caller(request: HttpRequest) -> Caller | None:
    """None for nobody. Raises ProblemError for a token that opens nothing, and for a change without CSRF token."""
    if secret := _sent_token(request):
        token = find_token(secret, address=client_address(request))
        if token is None:
            raise unauthorized("This API token is unknown, has expired or was ended. Make another one.")
        request.user = token.user
        return Caller(user=token.user, token=token)
    if not isinstance(request.user, User):
        return None
    if request.method not in SAFE and _is_forged(request):
        detail = "Send the CSRF token of your session in the header X-CSRFToken, or use an API token."
        raise ProblemError(HTTPStatus.FORBIDDEN, "csrf", detail)
    return Caller(user=request.user)


def _sent_token(request: HttpRequest) -> str:
    if token := request.headers.get("Session-Token", "").strip():
        return token
    if "Authorization" not in request.headers:
        return ""
    scheme, _, token = request.headers["Authorization"].partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized("Send the API token as Authorization: Bearer, then the token.")
    return token.strip()


def _is_forged(request: HttpRequest) -> bool:
    middleware = AccessURLCsrfMiddleware(lambda request: HttpResponse())
    middleware.process_request(request)
    return middleware.process_view(request, _not_exempt, (), {}) is not None


def _not_exempt(request: HttpRequest) -> HttpResponse:
    """Stands for the route, which is exempt itself since tokens need no CSRF token."""
    raise NotImplementedError


def read_body(request: HttpRequest) -> None:
    """All at once, before anybody takes it for a form."""
    try:
        request.body  # noqa: B018 - Django reads it here
    except RequestDataTooBig:
        detail = "The body is larger than 2.5 MB."
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail) from None


def require_room(rate: Rate) -> None:
    if rate.is_passed:
        detail = f"More than {rate.limit} requests in a minute. Wait {rate.reset} seconds."
        headers = {"Retry-After": str(rate.reset)}
        raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", detail, headers=headers)


def _wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    allowed = ", ".join(sorted(allowed.split(", ")))
    detail = f"{request.method} is not possible here, only {allowed}."
    return problem(HTTPStatus.METHOD_NOT_ALLOWED, "wrong_method", detail, headers={"Allow": allowed})
