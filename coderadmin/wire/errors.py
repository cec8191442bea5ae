"""Errors as the original command line reads them: {"error": {"msg": …}}, and `msg` is all that the person sees."""

from http import HTTPStatus
from typing import Any

import pydantic
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, JsonResponse

from coderadmin.api.problems import NOT_FOUND, ProblemError, errors_of
from organizations.errors import RefusedError

EXPECTED = (ProblemError, RefusedError, PermissionDenied, Http404, ValidationError, pydantic.ValidationError)


def failure(
    status: HTTPStatus, msg: str, *, code: str = "", headers: dict[str, str] | None = None, **details: Any
) -> HttpResponse:
    """`code` and `details` as in the reference, C0."""
    error: dict[str, Any] = {"msg": msg, "code": code, "details": details or None}
    return JsonResponse({"error": error}, status=status, headers=headers)


def answer_error(error: Exception) -> HttpResponse:
    """The answer to one of EXPECTED; a refusal is the protocol's `precondition`."""
    match error:
        case ProblemError():
            return failure(error.status, error.detail, headers=error.headers)
        case RefusedError():
            details: dict[str, Any] = {"error": error.code, "message": error.message, "solution": error.remedy}
            msg = f"{error.message} {error.remedy}".strip()
            return failure(HTTPStatus.CONFLICT, msg, code="precondition", **details)
        case PermissionDenied():
            return failure(HTTPStatus.FORBIDDEN, str(error) or "You may not do this.")
        case ValidationError():
            return failure(HTTPStatus.BAD_REQUEST, " ".join(_sentence(*each) for each in errors_of(error)))
        case pydantic.ValidationError():
            pairs = [(".".join(map(str, each["loc"])), f"{each['msg']}.") for each in error.errors()]
            return failure(HTTPStatus.BAD_REQUEST, " ".join(_sentence(*pair) for pair in pairs))
        case _:
            return failure(HTTPStatus.NOT_FOUND, NOT_FOUND)


def _sentence(field: str, message: str) -> str:
    return f"{field}: {message}" if field else message
