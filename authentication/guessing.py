"""A wrong code counts as a failed sign-in of the account, as a wrong password does, and locks it after too many."""

from allauth.core import ratelimit
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from organizations.models import User

TOO_MANY = "Too many wrong codes for this account. Wait, or ask those who run this deployment."


def require_room_to_guess(request: HttpRequest, user: User) -> None:
    """Before a code is looked at. Whoever is locked out gets the page that says so.

    axes counts by address; the other limit, of the account as a whole, holds whoever asks from many.
    Raises ValidationError.
    """
    credentials = {"username": user.email}
    if not AxesProxyHandler.is_allowed(request, credentials):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        user_login_failed.send(sender=__name__, credentials=credentials, request=request)
        raise ValidationError(TOO_MANY)
    if not ratelimit.consume(request, action="login_failed", key=_key(user)):
        raise ValidationError(TOO_MANY)


def count_wrong_code(request: HttpRequest, user: User) -> None:
    user_login_failed.send(sender=__name__, credentials={"username": user.email}, request=request)


def forget_wrong_codes(request: HttpRequest, user: User) -> None:
    ratelimit.clear(request, action="login_failed", key=_key(user))


def _key(user: User) -> str:
    return f"second-factor-{user.pk}"
