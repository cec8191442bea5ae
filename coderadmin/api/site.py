"""The API as a whole: its routes, its schema, its documentation page."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, re_path
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Schema
from ninja.openapi.docs import Swagger

from authentication.api import ROUTERS as AUTHENTICATION_ROUTERS
from coderadmin import __version__
from coderadmin.api.bodies import StrictParser
from coderadmin.api.callers import ANYBODY
from coderadmin.api.docs import areas_of
from coderadmin.api.endpoint import endpoint
from coderadmin.api.problems import NOT_FOUND, answer_problems, problem
from coderadmin.api.schema import complete
from environments.api import ROUTERS as ENVIRONMENT_ROUTERS
from infrastructure.api import ROUTERS as INFRASTRUCTURE_ROUTERS
from organizations.api import ROUTERS as ORGANIZATION_ROUTERS
from organizations.choices import TokenScope
from providers.access_urls import access_url
from providers.api import ROUTERS as PROVIDER_ROUTERS


class Api(NinjaAPI):
    def get_openapi_operation_id(self, operation: Any) -> str:
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        return complete(super().get_openapi_schema(**kwargs))


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


ROUTERS = (
    *ORGANIZATION_ROUTERS,
    *AUTHENTICATION_ROUTERS,
    *PROVIDER_ROUTERS,
    *ENVIRONMENT_ROUTERS,
    *INFRASTRUCTURE_ROUTERS,
)
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
def nothing_here(request: HttpRequest) -> HttpResponse:
    return problem(HTTPStatus.NOT_FOUND, "not_found", NOT_FOUND)


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
    re_path(r"^api/v1(?:/|$)", nothing_here),
]
