"""The API as a whole: its routes, its schema, its documentation page."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe
from django.views.defaults import server_error as page_of_server_error
from ninja import NinjaAPI, Schema
from ninja.openapi.docs import Swagger

from coderadmin import __version__
from coderadmin.api.bodies import StrictParser
from coderadmin.api.callers import ANYBODY
from coderadmin.api.docs import areas_of, sentence_of
from coderadmin.api.endpoint import endpoint
from coderadmin.api.idempotency import HEADER, LONGEST_KEY
from coderadmin.api.problems import NOT_FOUND, answer_problems, problem
from coderadmin.wire.errors import server_error as wire_server_error
from coderadmin.wire.routes import ROOTS as WIRE_ROOTS
from environments.api import ROUTERS as ENVIRONMENT_ROUTERS
from infrastructure.api import ROUTERS as INFRASTRUCTURE_ROUTERS
from organizations.api import ROUTERS as ORGANIZATION_ROUTERS
from organizations.choices import TokenScope
from providers.access_urls import access_url
from providers.api import ROUTERS as PROVIDER_ROUTERS

ROOT = "/api/"
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
PROBLEM_ANSWER = {
    "description": "Not done: what is wrong, and the next step.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
    "description": "Sent again within a day, the request is done once and answered the same.",
}


class Api(NinjaAPI):
    def get_openapi_operation_id(self, operation: Any) -> str:
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """With what holds for every operation: its summary, the key of a POST, and a problem as its other answer."""
        schema = super().get_openapi_schema(**kwargs)
        schema["components"]["schemas"]["Problem"] = PROBLEM
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                if method == "post":
                    operation["parameters"].append(IDEMPOTENCY_KEY)
                operation["summary"] = sentence_of(operation["operationId"])
                operation["responses"]["default"] = PROBLEM_ANSWER
        return schema


class Version(Schema):
    version: str


api = Api(
    title="CoderAdmin",
    version="1",
    description="Everything that the pages can do. Errors, pages and safe repetition: see /api/docs.",
    urls_namespace="api",
    docs_url=None,
    docs=Swagger({"deepLinking": True, "validatorUrl": None, "persistAuthorization": False}),
    docs_decorator=login_not_required,
    auth=ANYBODY,
    parser=StrictParser(),
)
answer_problems(api)


@api.get("/version", auth=None, response=Version, tags=["This deployment"])
def get_version(request: HttpRequest) -> dict[str, str]:
    """Of this deployment. Needs no token."""
    return {"version": __version__}


ROUTERS = (*ORGANIZATION_ROUTERS, *PROVIDER_ROUTERS, *ENVIRONMENT_ROUTERS, *INFRASTRUCTURE_ROUTERS)
for prefix, router in ROUTERS:
    api.add_router(prefix, router)


@require_safe
@login_not_required
def api_docs(request: HttpRequest) -> HttpResponse:
    context = {
        "areas": areas_of(api.get_openapi_schema()),
        "scopes": TokenScope,
        "example": f'curl -H "Authorization: Bearer $CODER_TOKEN" {access_url()}/api/v1/providers',
        "limit": settings.API_REQUESTS_PER_MINUTE,
    }
    return render(request, "api/docs.html", context)


@require_safe
@login_not_required
def api_try(request: HttpRequest) -> HttpResponse:
    """Swagger, from which one can send requests."""
    return api.docs.render_page(request, api)


@endpoint
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    return problem(HTTPStatus.NOT_FOUND, "not_found", NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page, and for programs the problem. Django has logged what happened."""
    if request.path.startswith(WIRE_ROOTS):
        return wire_server_error()
    if request.path.startswith(ROOT):
        detail = "Something went wrong on our side. It is logged; try again, or tell those who run this deployment."
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", detail)
    return page_of_server_error(request)


def _routes() -> tuple[list[Any], str, str]:
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        assert isinstance(pattern, URLPattern)  # noqa: S101 - for the type checker
        if pattern.name == "api-root":
            pattern.callback = nothing_here
        elif pattern.name != "openapi-json":
            pattern.callback = endpoint(pattern.callback)
    return patterns, app_name, namespace


urlpatterns = [
    path("api/docs", api_docs, name="api_docs"),
    path("api/docs/try", api_try, name="api_try"),
    path("api/v1/", _routes()),
    path("api/v1", nothing_here),
    path("api/v1/<path:rest>", nothing_here),
]
