"""How a route of the protocol is declared: method, path, and a view that returns what is sent as JSON."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

ROOTS = ("/api/v0/", "/api/private/", "/auth/basic/")

View = Callable[..., Any]
"""Returns a list, a dict, an HttpResponse, or None for an answer without a body."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """`about_providers`: a token of that scope does. `is_open`: needs no token."""

    method: str
    path: str
    view: View
    status: HTTPStatus
    about_providers: bool
    is_open: bool


class Routes:
    """Those of one subject, in the order in which they are declared."""

    def __init__(self, *, about_providers: bool = False) -> None:
        self.about_providers = about_providers
        self.all: list[Route] = []

    def add(
        self,
        method: str,
        *paths: str,
        status: HTTPStatus = HTTPStatus.OK,
        about_providers: bool | None = None,
        is_open: bool = False,
    ) -> Callable[[View], View]:
        """Decorates the view of these paths. `about_providers`: other than of the rest of the subject."""
        scope = self.about_providers if about_providers is None else about_providers

        def declare(view: View) -> View:
            self.all += [
                Route(method=method, path=path, view=view, status=status, about_providers=scope, is_open=is_open)
                for path in paths
            ]
            return view

        return declare


def families(path: str) -> tuple[str, str]:
    """The path as clients up to 1.19 say it, and as those since 1.20 do."""
    return path, path.replace("environments", "workspaces")


def by_path(routes: Iterable[Route]) -> dict[str, dict[str, Route]]:
    """The routes of each path by their method."""
    found: dict[str, dict[str, Route]] = {}
    for route in routes:
        found.setdefault(route.path, {})[route.method] = route
    return found
