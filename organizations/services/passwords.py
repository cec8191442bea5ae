"""A password chosen by a link: that of an invitation, or of a mail to somebody who forgot the old one."""

from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor, record
from coderadmin.dispatch import send
from organizations.errors import RefusedError
from organizations.links import RESET_LIFE, tokens
from organizations.mail import MailError, send_link
from organizations.models import User
from organizations.services.accounts import change_password
from organizations.services.invitations import accept_invitation, require_mail
from organizations.services.locking import locked_user
from organizations.ways_in import takes_password_of

ACTION = "user.forget_password"
SUBJECT = "A new password for your CoderAdmin account"


@transaction.atomic
def ask_for_link(*, actor: Actor, email: str) -> None:
    """A mail, if there is an account with a password. Neither the answer nor its time tells: a message is sent anyway.

    Raises RefusedError where no mail is sent at all.
    """
    require_mail()
    user = User.objects.filter(email=email.lower()).first()
    wanted = user if user is not None and _may_have_link(user) else None
    outcome = AuditEvent.Outcome.REQUESTED if wanted else AuditEvent.Outcome.FAILED
    record(actor=actor, action=ACTION, target=user or User(id=None, email=email.lower()), outcome=outcome)
    send("organizations.send_password_link", str(wanted.pk if wanted else uuid4()))


def send_password_link(user_id: UUID, *, is_last: bool) -> None:
    """`is_last`: it is not tried again. Raises MailError."""
    user = User.objects.filter(pk=user_id).first()
    if user is None or not _may_have_link(user):
        return
    try:
        send_link(user, template="password", subject=SUBJECT, ends_at=timezone.now() + RESET_LIFE)
    except MailError as error:
        if is_last or error.is_final:
            failed = AuditEvent.Outcome.FAILED
            record(actor=SYSTEM, action=ACTION, target=user, outcome=failed, after={"problem": error.reason})
        raise
    record(actor=SYSTEM, action=ACTION, target=user)


@sensitive_variables()
@transaction.atomic
def choose_password(*, address: str | None, user: User, token: str, password: str) -> None:
    """Once for each link, and every session of the person ends. Raises RefusedError for a link that has ended."""
    user = locked_user(user)
    if not tokens.check_token(user, token):
        raise RefusedError("This link has been used, or its time is over.")
    actor = Actor(user=user, address=address)
    change_password(actor=actor, user=user, password=password)
    accept_invitation(actor=actor, user=user)


def _may_have_link(user: User) -> bool:
    """Who has no password signs in by OpenID Connect, or has an invitation."""
    return user.is_active and user.has_usable_password() and takes_password_of(user)
