"""ETag and If-Match: a change is made only to what the caller has seen."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from coderadmin.api.problems import STALE, ProblemError

IF_MATCH = {
    "parameters": [
        {
            "in": "header",
            "name": "If-Match",
            "required": False,
            "schema": {"type": "string"},
            "description": "The ETag of what you saw: 412 when somebody else changed it meanwhile.",
        }
    ]
}
"""For `openapi_extra` of the routes that ask for it."""


def tag(response: HttpResponse, revision: int) -> None:
    response["ETag"] = f'"{revision}"'


def asked_revision(request: HttpRequest, present: int) -> int:
    """That of the header If-Match; the present one without the header.

    Raises ProblemError for a tag that was never ours. Proxies that compress make a tag weak, which is forgiven.
    """
    asked = request.headers.get("If-Match", "*").strip().removeprefix("W/").strip('"')
    if asked == "*":
        return present
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        return int(asked)
    detail = "If-Match is none of our ETags. Get the present state, and send its ETag."
    raise ProblemError(HTTPStatus.PRECONDITION_FAILED, STALE, detail)
