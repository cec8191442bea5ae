"""Audit rows for signing in and out: Django and axes tell of them by signals only.

No row holds a password. A row for an unknown e-mail has that e-mail as its target and no target id.
"""

from datetime import timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import pre_save
from django.http import HttpRequest
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor, actor_of, client_address, record
from organizations.denials import MOST_A_MINUTE
from organizations.lockout import forget_what_was_typed, of_neighbours
from organizations.models import User

METHODS = {"password": "password", "socialaccount": "OpenID Connect"}


def connect() -> None:
    user_logged_in.connect(record_sign_in, dispatch_uid="organizations.record_sign_in")
    user_logged_out.connect(record_sign_out, dispatch_uid="organizations.record_sign_out")
    user_login_failed.connect(record_failed_sign_in, dispatch_uid="organizations.record_failed_sign_in")
    user_locked_out.connect(record_locked_sign_in, dispatch_uid="organizations.record_locked_sign_in")
    pre_save.connect(forget_what_was_typed, sender=AccessAttempt, dispatch_uid="organizations.forget_what_was_typed")


def record_sign_in(*, request: HttpRequest, user: User, **_: Any) -> None:
    after = {"method": _method(request, user)}
    record(actor=Actor(user=user, address=client_address(request)), action="user.sign_in", target=user, after=after)


def _method(request: HttpRequest, user: User) -> str:
    """`password, totp`: what the session tells of the steps that led in. A program has no session."""
    session = getattr(request, "session", None)
    steps = get_authentication_records(request, user) if session is not None else []
    found = [METHODS.get(step["method"], str(step.get("type", step["method"]))) for step in steps]
    return ", ".join(dict.fromkeys(found)) or METHODS["password"]


def record_sign_out(*, request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        record(actor=Actor(user=user, address=client_address(request)), action="user.sign_out", target=user)


def record_failed_sign_in(*, credentials: dict[str, str], request: HttpRequest | None = None, **_: Any) -> None:
    """A wrong password, an unknown e-mail or a deactivated account; a locked one has its own row."""
    if request is not None and not getattr(request, "axes_locked_out", False):
        _record_refusal(request, credentials.get("username"), "user.sign_in", AuditEvent.Outcome.FAILED)


def record_locked_sign_in(*, request: HttpRequest, username: str | None, **_: Any) -> None:
    """Sent for the failure that locks the account and for each attempt while it is locked, which costs a stranger
    nothing: a few rows a minute tell of them.
    """
    action, address = "user.lock", client_address(request)
    since = timezone.now() - timedelta(minutes=1)
    lately = AuditEvent.objects.filter(action=action, at__gte=since, **of_neighbours("address", address))
    if lately.count() < MOST_A_MINUTE:
        _record_refusal(request, username, action, AuditEvent.Outcome.DENIED)


def _record_refusal(request: HttpRequest, email: str | None, action: str, outcome: AuditEvent.Outcome) -> None:
    user = User.objects.filter(email=email).first() or User(id=None, email=email or "")
    record(actor=actor_of(request), action=action, target=user, outcome=outcome)
