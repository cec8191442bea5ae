"""What can be done to people's accounts. No audit row and no log holds a password."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from audit.services import SYSTEM, Actor, record
from organizations.choices import SiteRole
from organizations.errors import RefusedError
from organizations.models import Membership, Organization, User
from organizations.policies import can_edit_account, require, require_site_manager, roles_to_give
from organizations.services import invitations
from organizations.services.locking import locked_organizations, locked_user
from organizations.services.saving import clean_and_save
from organizations.text import clean_line

PASSWORD_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # noqa: S105 - none that look alike
PASSWORD_GROUPS, PASSWORD_GROUP = 4, 5  # read out or typed group by group; 116 bits
ONLY_ADMIN = "Only the site admin makes, changes and unmakes site managers."


def ensure_site_admin(*, email: str, password: str) -> tuple[User, bool]:
    """The one site admin, and whether this call made it. An existing one keeps its e-mail and its password."""
    if existing := User.objects.filter(site_role=SiteRole.ADMIN).first():
        return existing, False
    try:
        with transaction.atomic():
            user = User.objects.create_superuser(email, password)
            record(actor=SYSTEM, action="user.create", target=user, after=_described(user))
    except IntegrityError:  # another process made it between the two statements
        if existing := User.objects.filter(site_role=SiteRole.ADMIN).first():
            return existing, False
        raise
    return user, True


@sensitive_variables()
@transaction.atomic
def create_user(
    *,
    actor: Actor,
    email: str,
    name: str = "",
    site_role: SiteRole = SiteRole.MEMBER,
    organizations: Iterable[Organization] = (),
    invite: bool = False,
) -> tuple[User, str]:
    """The person, and a temporary password that must be changed at the first sign-in; `invite`: a mail instead, and "".

    Raises ValidationError (also when the e-mail is taken), PermissionDenied, RefusedError.
    """
    require_site_manager(actor)
    _require_may_give(actor, site_role)
    user = User(email=email.strip().lower(), name=clean_line(name), site_role=site_role)
    if invite:
        invitations.require_mail()
        invitations.require_way_in(user)
    wanted = {organization.pk for organization in organizations}
    joined = list(locked_organizations(wanted).values())
    if len(joined) < len(wanted):
        raise RefusedError("An organization was deleted in the meantime.", remedy="Choose again among the others.")
    password = "" if invite else _temporary_password()
    user.must_change_password = not invite
    user.set_password(password or None)
    clean_and_save(user, lambda: User.objects.insert(user), exclude=["username"])
    Membership.objects.bulk_create(Membership(user=user, organization=organization) for organization in joined)
    names = sorted(organization.name for organization in joined)
    record(actor=actor, action="user.create", target=user, after=_described(user) | {"organizations": names})
    if invite:
        invitations.invite(actor=actor, user=user)
    return user, password


@transaction.atomic
def set_site_role(*, actor: Actor, user: User, site_role: SiteRole) -> User:
    """Site managers make members and auditors; the site admin also makes and unmakes site managers.

    Raises RefusedError about the site admin, whose role stays, PermissionDenied.
    """
    require_site_manager(actor)
    user = locked_user(user)
    if user.site_role == site_role:
        return user
    if SiteRole.ADMIN in (user.site_role, site_role):
        raise RefusedError("There is exactly one site admin: this role can't be given to another person or taken away.")
    _require_may_edit(actor, user)
    _require_may_give(actor, site_role)
    before, user.site_role = user.site_role, site_role
    user.save(update_fields=["site_role"])
    record(
        actor=actor,
        action="user.set_site_role",
        target=user,
        before={"site_role": before},
        after={"site_role": site_role},
    )
    return user


@transaction.atomic
def deactivate_user(*, actor: Actor, user: User) -> User:
    """Ends the sessions and the API tokens for good and bars from signing in; environments and memberships stay.

    Raises RefusedError for oneself and for the site admin, PermissionDenied.
    """
    require_site_manager(actor)
    user = locked_user(user)
    if actor.user is not None and user.pk == actor.user.pk:
        raise RefusedError("You can't deactivate yourself.", remedy="Ask another site manager.")
    if user.site_role == SiteRole.ADMIN:
        raise RefusedError("The site admin can't be deactivated.")
    _require_may_edit(actor, user)
    if not user.is_active:
        return user
    user.is_active = False
    user.session_generation += 1
    user.save(update_fields=["is_active", "session_generation"])
    user.api_tokens.all().delete()
    record(actor=actor, action="user.deactivate", target=user)
    return user


@transaction.atomic
def activate_user(*, actor: Actor, user: User) -> User:
    """May sign in again, with the same password and rights as before."""
    require_site_manager(actor)
    user = locked_user(user)
    _require_may_edit(actor, user)
    if user.is_active:
        return user
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(actor=actor, action="user.activate", target=user)
    return user


@sensitive_variables()
@transaction.atomic
def reset_password(*, actor: Actor, user: User) -> str:
    """A temporary password, to be shown once. Ends every session of the person; each call makes another one.

    Raises RefusedError for oneself, PermissionDenied.
    """
    require_site_manager(actor)
    user = locked_user(user)
    if actor.user is not None and user.pk == actor.user.pk:
        raise RefusedError("You can't reset your own password.", remedy="Change it under your account.")
    _require_may_edit(actor, user)
    password = _temporary_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    invitations.withdraw_invitation(user)
    record(actor=actor, action="user.reset_password", target=user, after={"password": "******"})
    return password


@sensitive_variables()
@transaction.atomic
def change_password(*, actor: Actor, user: User, password: str) -> None:
    """Ends every session of the person: the caller keeps its own with `update_session_auth_hash`.

    `user` is as it was when the present password was asked for. Raises RefusedError when that has changed since, since
    whoever knows it is not to undo what a site manager did meanwhile.
    """
    if locked_user(user).password != user.password:
        raise RefusedError("Your password was changed in the meantime.", remedy="Sign in with the new one.")
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record(actor=actor, action="user.change_password", target=user)


def _temporary_password() -> str:
    groups = ("".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_GROUP)) for _ in range(PASSWORD_GROUPS))
    return "-".join(groups)


def _require_may_edit(actor: Actor, user: User) -> None:
    """Raises PermissionDenied."""
    require(actor.user is None or can_edit_account(actor.user, user), ONLY_ADMIN)


def _require_may_give(actor: Actor, site_role: SiteRole) -> None:
    """Raises RefusedError about the site admin's role, PermissionDenied."""
    if site_role == SiteRole.ADMIN:
        raise RefusedError("There is exactly one site admin: this role can't be given to another person.")
    require(actor.user is None or site_role in roles_to_give(actor.user), ONLY_ADMIN)


def _described(user: User) -> dict[str, Any]:
    return {"email": user.email, "site_role": user.site_role, "is_staff": user.is_staff}
