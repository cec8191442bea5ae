"""Environments, their images and build logs, and creating and deleting organizations, for the original command line."""

from coderadmin.wire.routes import Route
from environments.wire import activity, builds, environments, images, organizations

ROUTES: list[Route] = [
    *organizations.routes.all,
    *images.routes.all,
    *environments.routes.all,
    *activity.routes.all,
    *builds.routes.all,
]
