"""When an environment may be forgotten although its objects stay on its cluster."""

from audit.services import Actor
from environments.actions import may_leave_objects
from environments.errors import RefusedError
from environments.models import Environment
from environments.policies import require_leave_objects
from organizations.models import User


def require_may_leave_objects(user: User, environment: Environment) -> None:
    """Its provider must be loaded. Raises PermissionDenied, RefusedError. At most one query."""
    require_leave_objects(Actor(user=user))
    if not may_leave_objects(environment):
        raise RefusedError(
            f"The cluster of {environment.provider.name} is within reach.",
            remedy="Delete the environment together with its objects.",
        )
