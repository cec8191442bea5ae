"""Routes about environments, and those about organizations that reach into them. The layer beside the views."""

from ninja import Router

from environments.api import environments, operations, organizations, why

ROUTERS: list[tuple[str, Router]] = [
    ("/environments", environments.router),
    ("/environment-operations", operations.router),
    ("/why", why.router),
]
__all__ = ["ROUTERS", "organizations"]
