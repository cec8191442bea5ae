"""Who may do what with environments (reference, section B and G4.2)."""

from typing import cast
from uuid import UUID

from audit.services import Actor
from environments.models import Environment
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Membership, Organization, User
from organizations.policies import (
    Visitor,
    can_manage_members,
    can_use_support,
    has_site_role,
    is_site_manager,
    require,
)


def can_use(user: Visitor, environment: Environment) -> bool:
    """Start, stop, rebuild, postpone, delete: the owner, a manager of its organization, a site manager.

    At most one query.
    """
    if not isinstance(user, User) or not user.is_active:
        return False
    return environment.owner_id == user.pk or is_site_manager(user) or manages(user, environment.organization_id)


def manages(user: User, organization_id: UUID) -> bool:
    """Whether the person is a manager of that organization. One query."""
    return Membership.objects.filter(user=user, organization=organization_id, role=OrganizationRole.MANAGER).exists()


def require_use(actor: Actor, environment: Environment) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_use(actor.user, environment)
    require(allowed, "Only its owner and those who manage its organization may change an environment.")


def require_retry(actor: Actor, environment: Environment) -> None:
    """Raises PermissionDenied. Support staff may, too: it is what somebody else has asked for."""
    allowed = actor.user is None or can_use_support(actor.user) or can_use(actor.user, environment)
    require(allowed, "Only support staff and those who may change the environment may do that.")


def can_open(user: Visitor, environment: Environment) -> bool:
    """Its owner and nobody else, whatever the role: what is in it is that person's."""
    return isinstance(user, User) and user.is_active and environment.owner_id == user.pk


def require_open(actor: Actor, environment: Environment) -> User:
    """The person. Raises PermissionDenied, also for the system itself."""
    require(can_open(actor.user, environment), "Only its owner may open an environment.")
    return cast(User, actor.user)


def require_create_for(actor: Actor, owner: User, organization_id: UUID) -> None:
    """For oneself, or as a manager for others. Whether the owner may have it there is `environments.placement`'s.

    Those who manage an organization do so for its members only, also where the other one needs no membership.
    """
    user = actor.user
    allowed = user is None or user == owner or is_site_manager(user)
    if not allowed and isinstance(user, User):
        allowed = manages(user, organization_id) and owner.memberships.filter(organization=organization_id).exists()
    require(allowed, "Only those who manage the organization may create environments for others, its members.")


def require_import_images(actor: Actor, organization: Organization) -> None:
    """Raises PermissionDenied. Whoever may have environments in the organization brings images along."""
    user = actor.user
    allowed = user is None or is_site_manager(user)
    if not allowed and isinstance(user, User):
        allowed = user.is_active and user.memberships.filter(organization=organization).exists()
    require(allowed, "Only members of the organization import images.")


def require_manage_images(actor: Actor, organization: Organization) -> None:
    """Raises PermissionDenied. The system itself (no user) may."""
    allowed = actor.user is None or can_manage_members(actor.user, organization)
    require(allowed, "Only those who manage the organization change its images.")


def can_ask_for_anyone(user: Visitor) -> bool:
    """“Why can't she?” for other people: site managers, and the auditors, who read."""
    return is_site_manager(user) or has_site_role(user, frozenset({SiteRole.AUDITOR}))
