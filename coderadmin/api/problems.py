"""Errors as application/problem+json (RFC 9457): what is wrong, with which field, and the next step."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import ninja.errors
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI

from organizations.denials import note_denial
from organizations.errors import RefusedError

STALE = "stale_revision"
NOT_FOUND = "There is nothing here, or it is not yours to see."
FIELD_OF_ERROR = {"name_taken": "name", "place_taken": "namespace"}


class ProblemError(Exception):
    """An answer that is no success, raised from anywhere below an endpoint."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers, self.more = status, code, detail, headers or {}, more

    def response(self) -> HttpResponse:
        return problem(self.status, self.code, self.detail, headers=self.headers, **self.more)


def problem(
    status: HTTPStatus, code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
) -> HttpResponse:
    """`code` is for programs, `detail` a sentence for people; what is empty in `more` is left out."""
    document = {"type": "about:blank", "title": status.phrase, "status": status.value, "code": code, "detail": detail}
    document |= {name: value for name, value in more.items() if value}
    return JsonResponse(document, status=status, content_type="application/problem+json", headers=headers)


def unauthorized(detail: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="CoderAdmin"'}
    )


def invalid(errors: Iterable[tuple[str, str]]) -> HttpResponse:
    """Pairs of field, empty for the whole, and sentence."""
    found = [{"field": field, "message": message} for field, message in errors]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "Correct what is named in errors.", errors=found)


def answer_problems(api: NinjaAPI) -> None:
    """Everything that views and services raise gets its status here and nowhere else."""

    @api.exception_handler(ProblemError)
    def answer_problem(request: HttpRequest, error: ProblemError) -> HttpResponse:
        return error.response()

    @api.exception_handler(RefusedError)
    def answer_refusal(request: HttpRequest, refusal: RefusedError) -> HttpResponse:
        status = HTTPStatus.PRECONDITION_FAILED if refusal.code == STALE else HTTPStatus.CONFLICT
        return problem(status, refusal.code, refusal.message, remedy=refusal.remedy, **refusal.details())

    @api.exception_handler(PermissionDenied)
    def answer_denial(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        note_denial(request)
        return problem(HTTPStatus.FORBIDDEN, "forbidden", str(error) or "You may not do this.")

    @api.exception_handler(Http404)
    def answer_absence(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(HTTPStatus.NOT_FOUND, "not_found", NOT_FOUND)

    @api.exception_handler(ValidationError)
    def answer_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return invalid(errors_of(error))

    @api.exception_handler(ninja.errors.ValidationError)
    def answer_malformed(request: HttpRequest, error: ninja.errors.ValidationError) -> HttpResponse:
        if any(each["loc"][0] == "path" for each in error.errors):
            return problem(HTTPStatus.NOT_FOUND, "not_found", NOT_FOUND)
        return invalid((".".join(_place(each["loc"])), str(each["msg"])) for each in error.errors)

    @api.exception_handler(ninja.errors.AuthenticationError)
    def answer_stranger(request: HttpRequest, error: ninja.errors.AuthenticationError) -> HttpResponse:
        return unauthorized("Send an API token in the header Authorization: Bearer, or sign in.").response()

    @api.exception_handler(ninja.errors.HttpError)
    def answer_unreadable(request: HttpRequest, error: ninja.errors.HttpError) -> HttpResponse:
        return problem(HTTPStatus(error.status_code), "unreadable", str(error))


def errors_of(error: ValidationError) -> Iterable[tuple[str, str]]:
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for name, errors in by_field.items():
        for one in errors:
            field = FIELD_OF_ERROR.get(one.code or "", "" if name == NON_FIELD_ERRORS else name)
            yield from ((field, message) for message in one.messages)


def _place(location: Iterable[object]) -> list[str]:
    """Of pydantic's location, without where it was sent and the name of the parameter that holds the body."""
    source, *rest = location
    return [str(part) for part in (rest[1:] if source == "body" else rest)]
