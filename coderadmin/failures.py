"""The answer to a request that can't be served: words on a page, or in the shape of the API that was asked."""

import sys
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import bad_request as page_of_bad_request
from django.views.defaults import server_error as page_of_server_error

from coderadmin.api.problems import problem
from coderadmin.wire.errors import failure
from coderadmin.wire.routes import ROOTS

ENVPROXY_ROOT = "/api/envproxy/"
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
TRY_AGAIN = "10"  # seconds


def too_large(request: HttpRequest) -> HttpResponse:
    detail = "The request is larger than 2.5 MB, or has more than 1000 fields. Nothing was done."
    return _answer(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return too_large(request) if isinstance(exception, TOO_LARGE) else page_of_bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django has logged what happened."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        detail = "The database does not answer in time. What you asked for may not have been done; try again."
        response = _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, "database", detail)
        response["Retry-After"] = TRY_AGAIN
        return response
    if not request.path.startswith("/api/") and not request.path.startswith(ROOTS):
        return page_of_server_error(request)
    detail = "Something went wrong on our side. It is logged; try again, or tell those who run this deployment."
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", detail)


def _answer(request: HttpRequest, status: HTTPStatus, code: str, detail: str) -> HttpResponse:
    if request.path.startswith((*ROOTS, ENVPROXY_ROOT)):
        return failure(status, detail, code=code)
    if request.path.startswith("/api/"):
        return problem(status, code, detail)
    return HttpResponse(render_to_string(f"{status.value}.html"), status=status)
