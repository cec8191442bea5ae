"""Tokens, people and organizations, as the original command line asks for them."""

from coderadmin.wire.routes import Route
from organizations.wire import organizations, tokens, users

ROUTES: list[Route] = [
    *tokens.routes.all,
    *users.routes.all,
    *organizations.routes.all,
]
