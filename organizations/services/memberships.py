"""Who belongs to which organization, and as what. Memberships are the organization's affair, whatever the site role."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from audit.services import Actor, record
from organizations.choices import OrganizationRole
from organizations.errors import RefusedError
from organizations.models import Membership, Organization, User
from organizations.policies import require_manage_members, require_site_manager
from organizations.services.locking import (
    locked_membership,
    locked_organization,
    locked_organizations,
    locked_user,
)

MOST_NAMED = 10


@transaction.atomic
def add_member(
    *, actor: Actor, organization: Organization, user: User, role: OrganizationRole = OrganizationRole.MEMBER
) -> Membership:
    """Adding a member once more with the same role changes nothing. Raises RefusedError, PermissionDenied."""
    require_manage_members(actor, organization)
    organization, user = locked_organization(organization), locked_user(user)
    if not user.is_active:
        raise RefusedError(f"The account of {user} is deactivated.", remedy="A site manager can activate it.")
    if membership := locked_membership(organization, user):
        if membership.role == role:
            return membership
        raise RefusedError(
            f"{user} is in {organization.name} already, as {membership.get_role_display().lower()}.",
            remedy="Change the role instead.",
        )
    membership = Membership.objects.create(organization=organization, user=user, role=role)
    _record(actor, "organization.add_member", organization, after={"member": user.email, "role": role})
    return membership


@transaction.atomic
def remove_member(*, actor: Actor, organization: Organization, user: User) -> None:
    """Removing somebody who is no member changes nothing.

    Raises RefusedError while the person has environments in the organization, PermissionDenied.
    """
    require_manage_members(actor, organization)
    organization = locked_organization(organization)
    membership = locked_membership(organization, user)
    if membership is None:
        return
    _require_no_environments(user, [organization])
    before = {"member": user.email, "role": membership.role}
    membership.delete()
    _record(actor, "organization.remove_member", organization, before=before)


@transaction.atomic
def set_member_role(*, actor: Actor, organization: Organization, user: User, role: OrganizationRole) -> Membership:
    """Raises RefusedError when the person is no member, PermissionDenied."""
    require_manage_members(actor, organization)
    organization = locked_organization(organization)
    membership = locked_membership(organization, user)
    if membership is None:
        raise RefusedError(f"{user} is not in {organization.name}.", remedy="Add the person first.")
    if membership.role == role:
        return membership
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    _record(
        actor,
        "organization.set_member_role",
        organization,
        before={"member": user.email, "role": before},
        after={"member": user.email, "role": role},
    )
    return membership


@transaction.atomic
def set_organizations(*, actor: Actor, user: User, organizations: Iterable[Organization]) -> User:
    """Make these the organizations of a person: new ones as member, kept ones keep the role.

    Raises RefusedError while the person has environments in one that is left, PermissionDenied.
    """
    require_site_manager(actor)
    wanted = {organization.pk for organization in organizations}
    involved = locked_organizations(wanted | set(user.memberships.values_list("organization", flat=True)))
    if not wanted <= involved.keys():
        raise RefusedError("An organization was deleted in the meantime.", remedy="Choose again among the others.")
    user = locked_user(user)
    present = set(Membership.objects.select_for_update().filter(user=user).values_list("organization", flat=True))
    joined, left = wanted - present, (present & involved.keys()) - wanted
    if not joined and not left:
        return user
    _require_no_environments(user, [involved[pk] for pk in left])
    Membership.objects.filter(user=user, organization__in=left).delete()
    Membership.objects.bulk_create(Membership(user=user, organization_id=pk) for pk in joined)
    record(
        actor=actor,
        action="user.set_organizations",
        target=user,
        before={"organizations": sorted(involved[pk].name for pk in present & involved.keys())},
        after={"organizations": sorted(involved[pk].name for pk in wanted)},
    )
    return user


def environments_of(user: User, organizations: Iterable[Organization]) -> QuerySet:
    """What keeps a person in these organizations. Environments are of an app above: reached by their relation."""
    return user.environments.filter(organization__in=organizations).order_by("organization__name", "name")


def _require_no_environments(user: User, organizations: list[Organization]) -> None:
    rows = environments_of(user, organizations).values_list("name", "organization__name")
    names = [f"{name} in {organization}" for name, organization in rows[: MOST_NAMED + 1]]
    if not names:
        return
    more = " and more" if len(names) > MOST_NAMED else ""
    raise RefusedError(
        f"{user} still has environments there: {', '.join(names[:MOST_NAMED])}{more}.",
        remedy="They must be deleted first, by their owner or by somebody who manages the organization.",
    )


def _record(actor: Actor, action: str, organization: Organization, **changes: Any) -> None:
    record(actor=actor, action=action, target=organization, organization=organization.pk, **changes)
