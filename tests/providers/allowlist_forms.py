"""The allowlist of a provider as a browser without script sends it."""

from typing import Any

from django.test import Client
from django.urls import reverse

from providers.models import WorkspaceProvider


def path_of(provider: WorkspaceProvider) -> str:
    return reverse("providers:provider_allowlist", args=[provider.pk])


def sent(client: Client, path: str, *, allowed: list[str] | None = None, closing: list[str] = []) -> dict[str, Any]:  # noqa: B006
    """The form as a browser without script sends it: the names that are checked, None: as they are."""
    grid = client.get(path).context["grid"]
    rows = grid.organization_rows()
    names = [row[0].name for row in rows]
    if allowed is None:
        allowed = [name for name, (_, cell, _) in zip(names, rows, strict=True) if cell.is_allowed]
    return {
        "providers": grid.providers[0].pk.hex,
        "organizations": ",".join(row[0].pk.hex for row in rows),
        "shown": grid.shown(),
        "allowed": [names.index(name) for name in allowed],
        "closing": [names.index(name) for name in closing],
    }


def confirmed(client: Client, page: Any) -> Any:
    """Press Save on the page that asks."""
    return client.post(page.context["save_url"], {"changes_text": page.context["changes_text"]}, follow=True)
