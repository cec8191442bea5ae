"""Who may do what with environments (reference, section B and G4.2)."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from audit.services import Actor
from environments.models import Environment
from organizations.choices import OrganizationRole
from organizations.models import Membership, Organization, User
from organizations.policies import Ground, May, Visitor, allows, manager_of, require


def can_use(user: Visitor, environment: Environment) -> bool:
    """Start, stop, rebuild, postpone, delete: the owner, a manager of its organization, a site manager.

    At most one query.
    """
    return allows(user, May.USE_ENVIRONMENT, _relations(user, environment))


def _relations(user: Visitor, environment: Environment) -> dict[Ground, Callable[[], bool]]:
    return {
        Ground.OWNER: lambda: environment.owner_id == _pk(user),
        Ground.ORGANIZATION_MANAGER: lambda: manages(cast(User, user), environment.organization_id),
    }


def _pk(user: Visitor) -> UUID | None:
    return user.pk if isinstance(user, User) else None


def manages(user: User, organization_id: UUID) -> bool:
    """Whether the person is a manager of that organization. One query."""
    return Membership.objects.filter(user=user, organization=organization_id, role=OrganizationRole.MANAGER).exists()


def require_use(actor: Actor, environment: Environment) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_use(actor.user, environment)
    require(allowed, "Only its owner and those who manage its organization may change an environment.")


def require_retry(actor: Actor, environment: Environment) -> None:
    """Raises PermissionDenied. Support staff may, too: it is what somebody else has asked for."""
    relations = _relations(actor.user, environment)
    allowed = actor.user is None or allows(actor.user, May.RETRY_ENVIRONMENT, relations)
    require(allowed, "Only support staff and those who may change the environment may do that.")


def can_open(user: Visitor, environment: Environment) -> bool:
    """Its owner and nobody else, whatever the role: what is in it is that person's."""
    return allows(user, May.OPEN_ENVIRONMENT, {Ground.OWNER: lambda: environment.owner_id == _pk(user)})


def require_open(actor: Actor, environment: Environment) -> User:
    """The person. Raises PermissionDenied, also for the system itself."""
    require(can_open(actor.user, environment), "Only its owner may open an environment.")
    return cast(User, actor.user)


def require_create_for(actor: Actor, owner: User, organization_id: UUID) -> None:
    """For oneself, or as a manager for others. Whether the owner may have it there is `environments.placement`'s.

    Those who manage an organization do so for its members only, also where the other one needs no membership.
    """
    user = actor.user

    def manages_the_owner() -> bool:
        is_member = owner.memberships.filter(organization=organization_id).exists()
        return is_member and manages(cast(User, user), organization_id)

    relations = {Ground.ORGANIZATION_MANAGER: manages_the_owner}
    allowed = user is None or user == owner or allows(user, May.CREATE_FOR_OTHERS, relations)
    require(allowed, "Only those who manage the organization may create environments for others, its members.")


def require_import_images(actor: Actor, organization: Organization) -> None:
    """Raises PermissionDenied. Whoever may have environments in the organization brings images along."""
    user = actor.user
    relations = {Ground.ORGANIZATION_MEMBER: lambda: organization.memberships.filter(user=_pk(user)).exists()}
    allowed = user is None or allows(user, May.IMPORT_IMAGES, relations)
    require(allowed, "Only members of the organization import images.")


def require_manage_images(actor: Actor, organization: Organization) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    relations = manager_of(actor.user, organization)
    allowed = actor.user is None or allows(actor.user, May.MANAGE_IMAGES, relations)
    require(allowed, "Only those who manage the organization change its images.")


def can_leave_objects(user: Visitor) -> bool:
    return allows(user, May.LEAVE_OBJECTS)


def require_leave_objects(actor: Actor) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_leave_objects(actor.user)
    require(allowed, "Only site managers may leave the objects of an environment behind.")


def can_ask_for_anyone(user: Visitor) -> bool:
    """“Why can't she?” for other people: site managers, and the auditors, who read."""
    return allows(user, May.ASK_FOR_OTHERS)
