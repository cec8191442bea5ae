"""What holds for every operation of the OpenAPI schema, beside what its route says."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from coderadmin.api.callers import SAFE
from coderadmin.api.docs import sentence_of
from coderadmin.api.idempotency import HEADER, LONGEST_KEY

Document = dict[str, Any]

PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "For programs."},
        "detail": {"type": "string", "description": "What is wrong, as a sentence."},
        "remedy": {"type": "string", "description": "The next step."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
PROBLEM_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
    "description": "Sent again within a day, the request is done once and answered the same.",
}

MEANINGS = {
    HTTPStatus.BAD_REQUEST: "The body is no JSON.",
    HTTPStatus.UNAUTHORIZED: "No token, or one that opens nothing.",
    HTTPStatus.FORBIDDEN: "You may not do it, or the scopes of the token do not include it.",
    HTTPStatus.NOT_FOUND: "It is not there, or not yours to see.",
    HTTPStatus.CONFLICT: "A rule forbids it now.",
    HTTPStatus.PRECONDITION_FAILED: "Somebody else changed it after you looked.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 2.5 MB.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A value is wrong, or a field is not known.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests of this token, this person, or this address without either.",
}
RETRY_AFTER = {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer", "minimum": 1}}
HEADERS = {HTTPStatus.TOO_MANY_REQUESTS: {"headers": {"Retry-After": RETRY_AFTER}}}


def may_answer(*statuses: int) -> Document:
    """For `openapi_extra` of a route that has these problems beside the ones that all have."""
    return {"responses": {status: _problem(HTTPStatus(status)) for status in statuses}}


def complete(schema: Document) -> Document:
    """The schema with each operation's summary, the key of a POST, and the problems that it may answer."""
    schema["components"]["schemas"]["Problem"] = PROBLEM
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            if method == "post":
                operation["parameters"].append(IDEMPOTENCY_KEY)
            operation["summary"] = sentence_of(operation["operationId"])
            statuses = sorted(_usual_problems(method.upper(), operation))
            operation["responses"] |= {status.value: _problem(status) for status in statuses}
    return schema


def _problem(status: HTTPStatus) -> Document:
    return {"description": MEANINGS[status], "content": PROBLEM_CONTENT} | HEADERS.get(status, {})


def _usual_problems(method: str, operation: Document) -> Iterator[HTTPStatus]:
    places = {parameter["in"] for parameter in operation["parameters"]}
    yield HTTPStatus.TOO_MANY_REQUESTS
    if "security" in operation:
        yield from (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    if "path" in places:
        yield HTTPStatus.NOT_FOUND
    if method not in SAFE:
        yield HTTPStatus.CONFLICT
    if any(parameter["name"] == "If-Match" for parameter in operation["parameters"]):
        yield HTTPStatus.PRECONDITION_FAILED
    if "requestBody" in operation:
        yield from (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if "requestBody" in operation or places - {"path"}:
        yield HTTPStatus.UNPROCESSABLE_ENTITY
