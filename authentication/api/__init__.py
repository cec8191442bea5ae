"""Routes about the ways in. The layer beside the views, on the same services."""

from ninja import Router

from authentication.api import sessions

ROUTERS: list[tuple[str, Router]] = [
    ("/me/sessions", sessions.own_router),
    ("/users", sessions.router),
]
