"""Who belongs to the support staff."""

from django.contrib.auth.models import Group
from django.db import transaction

from audit.services import Actor, record
from organizations.errors import RefusedError
from organizations.models import User
from organizations.policies import SUPPORT_STAFF, can_edit_account, require, require_site_manager
from organizations.services.accounts import ONLY_ADMIN
from organizations.services.locking import locked_user


@transaction.atomic
def set_support_staff(*, actor: Actor, user: User, wanted: bool) -> User:
    """Into the group or out of it; counts from the next request on. Raises PermissionDenied."""
    require_site_manager(actor)
    user = locked_user(user)
    require(actor.user is None or can_edit_account(actor.user, user), ONLY_ADMIN)
    if wanted == is_support_staff(user):
        return user
    group = Group.objects.filter(name=SUPPORT_STAFF).first()
    if group is None:
        raise RefusedError(f"The group “{SUPPORT_STAFF}” is gone.", remedy="Let an operator make it again.")
    (user.groups.add if wanted else user.groups.remove)(group)
    user.is_staff = wanted
    user.save(update_fields=["is_staff"])
    action = "user.join_support" if wanted else "user.leave_support"
    record(actor=actor, action=action, target=user)
    return user


def is_support_staff(user: User) -> bool:
    """At most one query."""
    return user.is_staff and user.groups.filter(name=SUPPORT_STAFF).exists()
