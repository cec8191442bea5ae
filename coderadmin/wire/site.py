"""The protocol as a whole: its addresses, and what tells which version this is."""

from typing import Any

from django.http import HttpRequest
from django.urls import path, re_path

from authentication.configuration import Configuration
from authentication.wire import ROUTES as AUTHENTICATION_ROUTES
from coderadmin.wire.endpoint import endpoint
from coderadmin.wire.routes import Routes, by_path
from environments.wire import ROUTES as ENVIRONMENT_ROUTES
from organizations.wire import ROUTES as ORGANIZATION_ROUTES
from providers.helm.package import chart_version
from providers.wire import ROUTES as PROVIDER_ROUTES

routes = Routes()


@routes.add("GET", "api", is_open=True)
def get_root(request: HttpRequest) -> dict[str, str]:
    """Clients look at the header `coder-version` only."""
    return {}


@routes.add("GET", "api/private/version", is_open=True)
def get_version(request: HttpRequest) -> dict[str, str]:
    return {"version": chart_version()}


@routes.add("GET", "api/private/config/setup-mode", is_open=True)
def get_setup_mode(request: HttpRequest) -> dict[str, bool]:
    return {"setup_mode": False}


@routes.add("GET", "api/private/auth/config")
def get_sign_in_configuration(request: HttpRequest) -> dict[str, Any]:
    """By password as long as that is on."""
    return {"provider_type": "built-in" if Configuration.load().built_in else "oidc", "oidc": None, "saml": None}


@routes.add("GET", "api/v0/workspaces/config", "api/private/config")
def get_workspaces_configuration(request: HttpRequest) -> dict[str, Any]:
    """What this deployment does not have is off."""
    off = dict.fromkeys(("enable_container_vms", "enable_workspaces_as_code", "enable_p2p"), False)
    return {"gpu_vendor": "nvidia"} | off


@routes.add("GET", "api/private/satellites", "api/private/webrtc/ice")
def list_nothing(request: HttpRequest) -> dict[str, list[Any]]:
    """This deployment has neither."""
    return {"data": []}


urlpatterns = [
    *(
        path(address, endpoint(methods))
        for address, methods in by_path(
            [*routes.all, *AUTHENTICATION_ROUTES, *ORGANIZATION_ROUTES, *PROVIDER_ROUTES, *ENVIRONMENT_ROUTES]
        ).items()
    ),
    re_path(r"^api/(?:v0|private)(?:/|$)", endpoint({})),
]
