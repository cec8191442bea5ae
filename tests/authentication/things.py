"""Ways in, for tests."""

import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.utils import timezone

from audit.services import Actor
from authentication.models import Session
from organizations.models import User

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def make_session(user: User, **fields: Any) -> Session:
    """A browser elsewhere. Nobody has its key."""
    values = {
        "digest": uuid4().hex * 2,
        "auth_hash": user.get_session_auth_hash(),
        "expires_at": timezone.now() + timedelta(days=1),
        "agent": FIREFOX,
        "address": "203.0.113.9",
    }
    return Session.objects.create(user=user, **values | fields)


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret: str = SECRET, *, periods: int = 0) -> str:
    """What the app shows now, or some periods from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + periods))


def give_app(user: User) -> Authenticator:
    return TOTP.activate(user, SECRET).instance


def give_passkey(user: User, name: str = "laptop") -> Authenticator:
    """One that signs nobody in: it has no key."""
    data = {"name": name, "passwordless": False, "credential": {}}
    return Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data)


def own(user: User) -> Actor:
    return Actor(user=user)
