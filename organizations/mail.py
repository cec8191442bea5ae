"""Mails to people, and why one could not be sent, in words."""

from smtplib import (
    SMTPAuthenticationError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from ssl import SSLError
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string
from django.views.decorators.debug import sensitive_variables

from organizations.links import access_url, link_of
from organizations.models import User

FOR_EVER = 500  # and above: the server says that it will not take it later either


class MailError(Exception):
    """`reason` is a sentence for a person and holds nothing of the mail; `is_final`: it is no use to try again."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final


@sensitive_variables()
def send_link(user: User, *, template: str, subject: str, **context: Any) -> None:
    """As `send_mail`, with a new link by which the person chooses a password."""
    send_mail(user, template=template, subject=subject, link=link_of(user), **context)


@sensitive_variables()
def send_mail(user: User, *, template: str, subject: str, **context: Any) -> None:
    """Of plain text. Takes up to some times `EMAIL_TIMEOUT`. Raises MailError."""
    here = access_url()
    context |= {"account": user, "access_url": here}
    text = render_to_string(f"organizations/mail/{template}.txt", context)
    sender = settings.DEFAULT_FROM_EMAIL or f"coderadmin@{urlsplit(here).hostname}"
    try:
        with get_connection() as connection:
            EmailMessage(subject, text, sender, [user.email], connection=connection).send()
    except (OSError, ValueError) as error:  # smtplib's are OSErrors; ValueError: an address that no mail can have
        raise _in_words(error) from None


def _in_words(error: Exception) -> MailError:
    """What the server wrote is left out: it may repeat anything."""
    match error:
        case SMTPRecipientsRefused():
            code = max(code for code, _ in error.recipients.values())
            return MailError(f"The mail server does not take this address ({code}).", is_final=code >= FOR_EVER)
        case SMTPAuthenticationError():
            return MailError(f"The mail server does not take our user name and password ({error.smtp_code}).")
        case SMTPSenderRefused():
            return MailError(f"The mail server does not take mails from us ({error.smtp_code}).")
        case SMTPResponseException():
            return MailError(f"The mail server refuses the mail ({error.smtp_code}).")
        case SMTPNotSupportedError():
            return MailError("The mail server has no TLS, or no sign-in by password.")
        case SSLError():
            return MailError("The mail server's TLS or certificate is not good.")
        case TimeoutError() | SMTPServerDisconnected():
            return MailError("The mail server does not answer in time, or breaks off.")
        case ValueError():
            return MailError("A mail can't have this address.", is_final=True)
    return MailError("The mail server can't be reached.")
