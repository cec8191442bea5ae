"""Workspace providers, which the original command line calls resource pools."""

from coderadmin.wire.routes import Route
from providers.wire import providers

ROUTES: list[Route] = [*providers.routes.all]
