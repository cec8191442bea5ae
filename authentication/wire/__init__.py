"""Signing in, as the original command line asks for it."""

from authentication.wire import sign_in
from coderadmin.wire.routes import Route

ROUTES: list[Route] = [*sign_in.routes.all]
