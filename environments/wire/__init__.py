from coderadmin.wire.routes import Route

ROUTES: list[Route] = []
