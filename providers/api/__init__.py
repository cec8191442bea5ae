"""Routes about workspace providers. The layer beside the views, on the same services."""

from ninja import Router

from providers.api import actions, allowlist, operations, providers, tokens

ROUTERS: list[tuple[str, Router]] = [
    ("/providers", providers.router),
    ("/providers", actions.router),
    ("/providers", tokens.router),
    ("/providers", operations.timeline),
    ("/providers", allowlist.of_provider),
    ("/organizations", allowlist.of_organization),
    ("/access", allowlist.matrix),
    ("/operations", operations.router),
]
