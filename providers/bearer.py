"""Calls of envproxy: the provider's bearer token and one JSON object in, one JSON object out, errors in its shape."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

KIB = 1024
Document = dict[str, Any]
Answer = Callable[[HttpRequest, str, Document], Document]


class CallError(Exception):
    """What is wrong with a call, for a person who reads envproxy's log."""

    def __init__(self, status: int, code: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "msg": message} | ({"field": field} if field else {})


def invalid(field: str, message: str) -> CallError:
    return CallError(422, "invalid", message, field=field)


def envproxy_call(*, limit_kib: int) -> Callable[[Answer], Callable[[HttpRequest], JsonResponse]]:
    """Makes a view of a function that gets the request, the token and the document, and returns the answer.

    Cookies of people mean nothing to it. A PermissionDenied becomes 401, a CallError what it says.
    """

    def decorate(answer: Answer) -> Callable[[HttpRequest], JsonResponse]:
        @csrf_exempt
        @login_not_required
        @never_cache
        @require_POST
        @sensitive_variables()
        @wraps(answer)
        def view(request: HttpRequest) -> JsonResponse:
            try:
                return JsonResponse(answer(request, _bearer_token(request), _document(request, limit_kib)))
            except PermissionDenied as refusal:
                response = _response(CallError(401, "unauthorized", str(refusal)))
                response["WWW-Authenticate"] = "Bearer"
                return response
            except CallError as error:
                return _response(error)

        return view

    return decorate


def _bearer_token(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise PermissionDenied("Send the header Authorization: Bearer, with the provider's token.")
    return token.strip()


def _document(request: HttpRequest, limit_kib: int) -> Document:
    body = request.read(limit_kib * KIB + 1)
    if len(body) > limit_kib * KIB:
        raise CallError(413, "too_large", f"A call to this address has at most {limit_kib} KiB.")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise CallError(400, "not_json", "Send one JSON object.")
    return document


def _response(error: CallError) -> JsonResponse:
    return JsonResponse({"error": error.error}, status=error.status)
