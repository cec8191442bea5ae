"""Sessions of browsers: Django's engine interface, over rows that say whose they are and from where.

The row is found by a digest of the key, so that a copy of the database signs nobody in. A request asks for one row, as
with Django's own engine.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from audit.services import client_address
from authentication.models import LONGEST_AGENT, Session
from organizations.services.tokens import digest_of

SEEN_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """From where a request comes, and with what."""

    address: str | None = None
    agent: str = ""


class SessionStore(SessionBase):
    def __init__(self, session_key: str | None = None, *, visit: Visit = Visit()) -> None:
        super().__init__(session_key)
        self.visit = visit
        self.row_id: Any = None
        self.lacks_factor = False

    def load(self) -> dict[str, Any]:
        """One query, and another one every ten minutes to note the visit."""
        now = timezone.now()
        row = Session.objects.of_visit(digest_of(self.session_key or ""), now)
        if row is None:
            self._session_key = None
            return {}
        self.row_id, self.lacks_factor = row.pk, row.lacks_factor  # type: ignore[attr-defined]
        if now - row.seen_at >= SEEN_EVERY:
            Session.objects.filter(pk=row.pk).update(seen_at=now, **self._visit())
        return self.decode(row.data)

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(digest=digest_of(session_key)).exists()

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """A session that has been ended is not brought back. Raises CreateError, UpdateError."""
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        digest = digest_of(self.session_key)
        values = {
            "data": self.encode(data),
            "expires_at": self.get_expiry_date(),
            "user_id": data.get(SESSION_KEY),
            "auth_hash": data.get(HASH_SESSION_KEY, ""),
        }
        if must_create:
            self.row_id = _insert(digest=digest, **values, **self._visit()).pk
        elif not Session.objects.filter(digest=digest).update(**values):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(digest=digest_of(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(expires_at__lt=timezone.now()).delete()

    def _visit(self) -> dict[str, Any]:
        return {"address": self.visit.address, "agent": self.visit.agent}


def _insert(**values: Any) -> Session:
    """Raises CreateError when the key is taken."""
    try:
        with transaction.atomic():
            return Session.objects.create(**values)
    except IntegrityError:
        raise CreateError from None


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's; the session also knows from where it is visited."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        agent = request.headers.get("User-Agent", "")[:LONGEST_AGENT]
        request.session.visit = Visit(address=client_address(request), agent=agent)  # type: ignore[attr-defined]
