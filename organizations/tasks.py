"""Thin Celery entries: an id in, a service does the work. Safe to run twice, safe to lose."""

from typing import Any
from uuid import UUID

from celery import shared_task

from organizations import services
from organizations.mail import MailError

MOST_RETRIES = 3
FIRST_PAUSE = 30  # seconds, doubled each time: a link for a forgotten password is of no use much later


@shared_task(name="organizations.send_invitation")
def send_invitation(user_id: str) -> None:
    services.send_invitation(UUID(user_id))


@shared_task(name="organizations.send_due_invitations")
def send_due_invitations() -> None:
    """Send again what failed or was lost; claiming makes a message too many harmless."""
    for user_id in services.due_invitations():
        send_invitation.delay(str(user_id))


@shared_task(name="organizations.send_password_link", bind=True, max_retries=MOST_RETRIES)
def send_password_link(self: Any, user_id: str) -> None:
    try:
        services.send_password_link(UUID(user_id), is_last=self.request.retries >= MOST_RETRIES)
    except MailError as error:
        if not error.is_final and self.request.retries < MOST_RETRIES:
            raise self.retry(countdown=FIRST_PAUSE * 2**self.request.retries) from None
