"""Row locks, taken in one order so that two people at once meet: the default, organizations, people, memberships."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from organizations.errors import RefusedError
from organizations.models import Membership, Organization, User

DEFAULT_LOCK = 0x0DEF_A017  # any number, the same in every process


def lock_default() -> None:
    """Until the transaction ends nobody else moves the default. No row would do: the default is another row by then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DEFAULT_LOCK])


def locked_organization(organization: Organization) -> Organization:
    """As it is now; other rows may still refer to it. Raises RefusedError when it is gone."""
    rows = locked_organizations([organization.pk])
    if not rows:
        raise RefusedError(f"{organization.name} was deleted in the meantime.")
    return rows[organization.pk]


def locked_organizations(ids: Iterable[UUID]) -> dict[UUID, Organization]:
    """Those that are still there, locked in the order of their ids."""
    rows = Organization.objects.select_for_update(no_key=True).filter(pk__in=set(ids)).order_by("pk")
    return {row.pk: row for row in rows}


def locked_user(user: User) -> User:
    """As the person is now. Raises RefusedError when the account is gone."""
    try:
        return User.objects.select_for_update(no_key=True).get(pk=user.pk)
    except User.DoesNotExist:
        raise RefusedError(f"The account of {user} was deleted in the meantime.") from None


def locked_membership(organization: Organization, user: User) -> Membership | None:
    """Locked against an environment that is being created: that takes this lock too."""
    return Membership.objects.select_for_update(of=("self",)).filter(organization=organization, user=user).first()
