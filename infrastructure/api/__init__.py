"""Routes about the deployment's own settings. The layer beside the views, on the same services."""

from ninja import Router

from infrastructure.api import access_url, changes, rollouts

ROUTERS: list[tuple[str, Router]] = [
    ("/access-url", access_url.router),
    ("/access-url/changes", changes.router),
    ("/upgrades", rollouts.upgrades),
    ("/rollouts", rollouts.router),
]
