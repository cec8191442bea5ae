"""Signing in, tokens, people and organizations, as the original command line asks for them."""

from coderadmin.wire.routes import Route
from organizations.wire import organizations, sign_in, tokens, users

ROUTES: list[Route] = [
    *sign_in.routes.all,
    *tokens.routes.all,
    *users.routes.all,
    *organizations.routes.all,
]
