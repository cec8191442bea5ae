"""Routes about the ways in. The layer beside the views, on the same services."""

from ninja import Router

from authentication.api import configuration, factors, sessions

ROUTERS: list[tuple[str, Router]] = [
    ("/me/sessions", sessions.own_router),
    ("/users", sessions.router),
    ("/authentication/second-factors", factors.router),
    ("/authentication", configuration.router),
    ("/me/second-factors", factors.own_router),
    ("/users", factors.user_router),
    ("/me/link", configuration.own_router),
    ("/users", configuration.user_router),
]
