"""When an environment may be forgotten although its objects stay on its cluster."""

from environments.actions import may_leave_objects
from environments.errors import RefusedError
from environments.models import Environment
from organizations.policies import Visitor, is_site_manager, require


def require_may_leave_objects(user: Visitor, environment: Environment) -> None:
    """Its provider must be loaded. Raises PermissionDenied, RefusedError. At most one query."""
    require(is_site_manager(user), "Only site managers may leave the objects of an environment behind.")
    if not may_leave_objects(environment):
        raise RefusedError(
            f"The cluster of {environment.provider.name} is within reach.",
            remedy="Delete the environment together with its objects.",
        )
