"""Invitations: asked for here, sent by a worker. No audit row, no log and no message holds a link."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor, record
from coderadmin.dispatch import send
from organizations.errors import RefusedError
from organizations.links import INVITATION_LIFE
from organizations.mail import MailError, send_link, send_mail
from organizations.models import Invitation, User
from organizations.policies import require_invite
from organizations.services.locking import locked_user
from organizations.ways_in import has_built_in, needs_link

logger = logging.getLogger(__name__)

NOT_MORE_OFTEN = timedelta(minutes=1)
MOST_ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=2)  # after an attempt, doubled each time: half an hour altogether
SUBJECT = "Your CoderAdmin account"
BROKEN = "The mail could not be made. The log of the worker says why."


@transaction.atomic
def resend_invitation(*, actor: Actor, user: User) -> None:
    """Earlier links go on working for their time. Raises RefusedError, also within a minute; PermissionDenied."""
    require_invite(actor, user)
    user = locked_user(user)
    invitation = require_open(user)
    if timezone.now() - invitation.asked_at < NOT_MORE_OFTEN:
        raise RefusedError("An invitation was asked for less than a minute ago.", remedy="Wait a minute.")
    invite(actor=actor, user=user)


def require_mail() -> None:
    """Raises RefusedError."""
    if not settings.SENDS_MAIL:
        raise RefusedError("This deployment sends no mail.", remedy="Give a temporary password instead.")


def require_way_in(user: User) -> None:
    """That there is one for somebody who has no password yet. At most one query. Raises RefusedError."""
    if needs_link(user) and not has_built_in():
        raise RefusedError(
            "Built-in sign-in is off, and single sign-on lets no manager or support staff in by an e-mail alone.",
            remedy="Let the person be an ordinary member until the first sign-in, and give the rest then.",
        )


def require_open(user: User) -> Invitation:
    """The invitation that the person has not accepted yet. At most two queries. Raises RefusedError."""
    require_mail()
    invitation: Invitation | None = getattr(user, "invitation", None)
    if invitation is None:
        raise RefusedError(f"{user} was not invited by mail.", remedy="A site manager can reset the password.")
    if invitation.accepted_at:
        raise RefusedError(f"{user} has accepted the invitation.")
    if not user.is_active:
        raise RefusedError(f"The account of {user} is deactivated.", remedy="Activate it first.")
    require_way_in(user)
    return invitation


def invite(*, actor: Actor, user: User) -> None:
    """To be sent once the transaction has committed. The caller has checked whether `actor` may, and locked `user`."""
    now = timezone.now()
    fresh = {"asked_at": now, "next_try_at": now, "attempts": 0, "sent_at": None, "problem": ""}
    Invitation.objects.update_or_create(user=user, defaults=fresh)
    record(actor=actor, action="user.invite", target=user, outcome=AuditEvent.Outcome.REQUESTED)
    send("organizations.send_invitation", str(user.pk))


def send_invitation(user_id: UUID) -> None:
    """If it is due, by whoever claims it first. Takes as long as the mail server, without a lock."""
    now = timezone.now()
    due = Invitation.objects.filter(user_id=user_id, accepted_at=None, next_try_at__lte=now)
    if not due.update(attempts=F("attempts") + 1, next_try_at=now + FIRST_PAUSE):
        return
    invitation = Invitation.objects.select_related("user").get(user_id=user_id)
    if invitation.attempts > MOST_ATTEMPTS:  # each of them broke off, or its worker did
        _note(invitation, AuditEvent.Outcome.FAILED, next_try_at=None, problem=BROKEN)
        return
    try:
        _send(invitation.user)
    except MailError as error:
        _note_failure(invitation, error)
    else:
        _note(invitation, AuditEvent.Outcome.SUCCEEDED, sent_at=timezone.now(), next_try_at=None, problem="")


def due_invitations() -> list[UUID]:
    """Whose time has come: a mail that failed before, or whose message was lost. One query."""
    rows = Invitation.objects.filter(accepted_at=None, next_try_at__lte=timezone.now())
    return list(rows.order_by("next_try_at").values_list("user_id", flat=True)[:1000])


def accept_invitation(*, actor: Actor, user: User) -> None:
    """A password was chosen, or the person signed in without one. Repeatable."""
    open_one = Invitation.objects.filter(user=user, accepted_at=None)
    if open_one.update(accepted_at=timezone.now(), next_try_at=None, problem=""):
        record(actor=actor, action="user.accept_invitation", target=user)


def withdraw_invitation(user: User) -> None:
    """A temporary password takes its place, and ends the link."""
    Invitation.objects.filter(user=user, accepted_at=None).delete()


def _send(user: User) -> None:
    """Raises MailError."""
    if not user.is_active:
        raise MailError("The account is deactivated.", is_final=True)
    try:
        require_mail()
        require_way_in(user)
    except RefusedError as refusal:
        raise MailError(f"{refusal.message} {refusal.remedy}", is_final=True) from None
    if has_built_in():
        send_link(user, template="invitation", subject=SUBJECT, ends_at=timezone.now() + INVITATION_LIFE)
    else:
        send_mail(user, template="invitation_single_sign_on", subject=SUBJECT, sign_in=reverse("organizations:sign_in"))


def _note_failure(invitation: Invitation, error: MailError) -> None:
    if error.is_final or invitation.attempts >= MOST_ATTEMPTS:
        _note(invitation, AuditEvent.Outcome.FAILED, next_try_at=None, problem=error.reason)
        return
    pause = FIRST_PAUSE * 2 ** (invitation.attempts - 1)
    _same(invitation).update(next_try_at=timezone.now() + pause, problem=error.reason)
    logger.warning("an invitation is tried again in %s: %s", pause, error.reason)


@transaction.atomic
def _note(invitation: Invitation, outcome: AuditEvent.Outcome, **values: datetime | str | None) -> None:
    _same(invitation).update(**values)
    after = {"problem": values["problem"]} if values["problem"] else None
    record(actor=SYSTEM, action="user.invite", target=invitation.user, outcome=outcome, after=after)


def _same(invitation: Invitation) -> QuerySet[Invitation]:
    """Not one that was accepted or asked for anew in the meantime."""
    return Invitation.objects.filter(pk=invitation.pk, asked_at=invitation.asked_at, accepted_at=None)
