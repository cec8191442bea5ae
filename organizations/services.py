"""What can be done to people's accounts. Each verb writes its audit row in the same transaction."""

from django.db import IntegrityError, transaction

from audit.services import SYSTEM, Actor, record
from organizations.choices import SiteRole
from organizations.models import User


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


@transaction.atomic
def create_user(
    *,
    actor: Actor,
    email: str,
    password: str | None = None,
    name: str = "",
    site_role: SiteRole = SiteRole.MEMBER,
    is_staff: bool = False,
    must_change_password: bool = False,
) -> User:
    """Without a password the account can't sign in. Raises IntegrityError when the e-mail is taken."""
    user = User.objects.create_user(
        email,
        password,
        name=name,
        site_role=site_role,
        is_staff=is_staff,
        must_change_password=must_change_password,
    )
    record(actor=actor, action="user.create", target=user, after=_described(user))
    return user


@transaction.atomic
def change_password(*, actor: Actor, user: User, password: str) -> None:
    """Ends every session of the person: the caller keeps its own with `update_session_auth_hash`."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record(actor=actor, action="user.change_password", target=user)


def _described(user: User) -> dict[str, str | bool]:
    return {"email": user.email, "site_role": user.site_role, "is_staff": user.is_staff}
