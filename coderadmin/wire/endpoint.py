"""What happens around every route: the token, the version header, and errors in words.

Only the header Session-Token says who calls. Cookies mean nothing here, so that no request needs a CSRF token.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from audit.services import client_address
from coderadmin.api.callers import Caller, Token, require_own_password
from coderadmin.api.endpoint import admitted, read_body, require_room
from coderadmin.api.problems import ProblemError
from coderadmin.api.rates import count_request, count_stranger
from coderadmin.wire.errors import EXPECTED, answer_error
from coderadmin.wire.routes import Route
from organizations.denials import note_denial
from organizations.services import find_token
from providers.helm.package import chart_version

HEADER = "Session-Token"
VERSION_HEADER = "coder-version"
SIGN_IN = "Run “coder login” with the address of this deployment, and paste a new token."


def endpoint(routes: Mapping[str, Route]) -> Callable[..., HttpResponse]:
    """The view of one path. `routes`: by method, none where nothing is; HEAD is GET without its body."""

    @csrf_exempt
    @login_not_required
    def wrapped(request: HttpRequest, **arguments: Any) -> HttpResponse:
        try:
            response = _answer(request, routes, arguments)
        except EXPECTED as error:
            if isinstance(error, PermissionDenied):
                note_denial(request)
            response = answer_error(error)
        response["Cache-Control"] = "no-store"
        response[VERSION_HEADER] = chart_version()
        return response

    return wrapped


def _answer(request: HttpRequest, routes: Mapping[str, Route], arguments: dict[str, Any]) -> HttpResponse:
    if not routes:
        raise Http404
    read_body(request)
    route = routes.get("GET" if request.method == "HEAD" else str(request.method))
    if route is not None and route.is_open:
        require_room(count_stranger(client_address(request)))
    else:
        _admit(request)
    if route is None:
        allowed = ", ".join(sorted(routes))
        detail = f"{request.method} is not possible here, only {allowed}."
        raise ProblemError(HTTPStatus.METHOD_NOT_ALLOWED, "wrong_method", detail, headers={"Allow": allowed})
    if not route.is_open:
        Token(providers=route.about_providers)(request)
    found = route.view(request, **arguments)
    if isinstance(found, HttpResponse):
        return found
    if found is None:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return JsonResponse(found, safe=False, status=route.status)


def _admit(request: HttpRequest) -> None:
    """Whose token it is becomes the request's user. Raises ProblemError, also for too many requests."""
    caller = admitted(request, _find_caller)
    request.user = caller.user
    request.caller = caller  # type: ignore[attr-defined]
    require_room(count_request(caller))
    require_own_password(caller)


@sensitive_variables()
def _find_caller(request: HttpRequest) -> Caller:
    """Raises ProblemError."""
    secret = request.headers.get(HEADER, "").strip()
    token = find_token(secret, address=client_address(request)) if secret else None
    if token is None:
        missing = "This token is unknown, has expired or was ended." if secret else "No token was sent."
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "unauthorized", f"{missing} {SIGN_IN}")
    return Caller(user=token.user, token=token)
