"""Which account of the sign-in service opens which account here."""

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from audit.services import Actor, record
from authentication.claims import Person
from organizations.errors import RefusedError
from organizations.models import User
from organizations.policies import can_edit_account, require
from organizations.services.accounts import ONLY_ADMIN
from organizations.services.locking import locked_user


def link_of(user: User, issuer: str) -> SocialAccount | None:
    """At most one query."""
    return SocialAccount.objects.filter(user=user, provider=issuer).first() if issuer else None


def is_linked(user: User) -> bool:
    """To whichever sign-in service. One query."""
    return SocialAccount.objects.filter(user=user).exists()


@transaction.atomic
def link(*, actor: Actor, user: User, person: Person, issuer: str) -> None:
    """By the person itself, whatever the e-mail there. Repeatable. Raises RefusedError, PermissionDenied."""
    if actor.user != user:
        raise PermissionDenied("Only the person links its account.")
    user = locked_user(user)
    row = SocialAccount.objects.select_related("user").filter(provider=issuer, uid=person.subject).first()
    if row is None and link_of(user, issuer):
        said = "Your account is linked to another account of the sign-in service."
        raise RefusedError(said, remedy="Unlink it first.")
    if row is not None and row.user != user:
        raise RefusedError(
            "Your account of the sign-in service is linked to another account here.",
            remedy="Ask those who run this deployment to unlink that one.",
        )
    if row is not None:
        row.save(update_fields=["last_login"])
        return
    make_link(actor=actor, user=user, person=person, issuer=issuer)


def make_link(*, actor: Actor, user: User, person: Person, issuer: str) -> None:
    """The caller has found that there is none. Raises RefusedError when somebody else makes one at this moment."""
    seen = {"email": person.email, "name": person.name}
    try:
        with transaction.atomic():
            SocialAccount.objects.create(user=user, provider=issuer, uid=person.subject, extra_data=seen)
    except IntegrityError as error:
        raise RefusedError("Somebody else links this account at this moment.", remedy="Begin again.") from error
    record(actor=actor, action="user.link", target=user, after={"issuer": issuer, "e-mail there": person.email})


@transaction.atomic
def unlink(*, actor: Actor, user: User) -> None:
    """From the accounts of every sign-in service. Repeatable. By the person itself, who needs a password then, or by
    those who may edit the account. Raises RefusedError, PermissionDenied.
    """
    is_own = actor.user == user
    require(is_own or actor.user is None or can_edit_account(actor.user, user), ONLY_ADMIN)
    user = locked_user(user)
    rows = list(SocialAccount.objects.filter(user=user))
    if not rows:
        return
    if is_own and not user.has_usable_password():
        raise RefusedError("You have no password: you could not sign in any more.", remedy="Ask for one first.")
    for row in rows:
        record(actor=actor, action="user.unlink", target=user, before={"issuer": row.provider})
        row.delete()
