"""Routes about people, organizations, tokens and the audit trail. The layer beside the views, on the same services."""

from ninja import Router

from organizations.api import audit, me, members, organizations, tokens, users

ROUTERS: list[tuple[str, Router]] = [
    ("/me", me.router),
    ("/tokens", tokens.router),
    ("/users", users.router),
    ("/organizations", organizations.router),
    ("/organizations", members.router),
    ("/audit", audit.router),
]
