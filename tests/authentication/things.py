"""Ways in, for tests."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

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
