"""Organizations as JSON. Clients find the caller's organizations by looking for the caller among `members`."""

from collections.abc import Iterable
from typing import Any

from coderadmin.wire.bodies import HOUR, moment
from organizations.models import Membership, Organization, User
from organizations.policies import is_site_manager
from organizations.querysets import OrganizationQuerySet
from organizations.wire.users import user_shape


def organization_shapes(organizations: OrganizationQuerySet, *, viewer: User) -> list[dict[str, Any]]:
    """By name, with the members whom the viewer may see: all of those that one manages, else oneself.

    Three queries, whatever their number.
    """
    rows = list(organizations.with_counts().sorted_by("name"))
    members: dict[Any, list[Membership]] = {row.pk: [] for row in rows}
    for membership in visible_memberships(rows, viewer=viewer):
        members[membership.organization_id].append(membership)
    return [_organization_shape(row, members[row.pk]) for row in rows]


def visible_memberships(organizations: Iterable[Organization], *, viewer: User) -> list[Membership]:
    """One query for a site manager, else two."""
    found = Membership.objects.filter(organization__in=organizations).select_related("user").order_by("user__email")
    if is_site_manager(viewer):
        return list(found)
    managed = {row.pk for row in Organization.objects.managed_by(viewer, everything=False)}
    return [row for row in found if row.user_id == viewer.pk or row.organization_id in managed]


def member_shape(membership: Membership) -> dict[str, Any]:
    return user_shape(membership.user) | {
        "organization_roles": [membership.role],
        "roles_updated_at": moment(None),
    }


def _organization_shape(organization: Any, members: Iterable[Membership]) -> dict[str, Any]:
    return {
        "id": str(organization.pk),
        "name": organization.name,
        "description": organization.description,
        "default": organization.is_default,
        "members": [member_shape(membership) for membership in members],
        "environment_count": organization.environment_count,
        "workspace_count": organization.environment_count,
        "resource_namespace": "",
        "created_at": moment(organization.created_at),
        "updated_at": moment(organization.created_at),
        "auto_off_threshold": (organization.auto_off_hours or 0) * HOUR,
        "cpu_provisioning_rate": 1.0,
        "memory_provisioning_rate": 1.0,
    }
