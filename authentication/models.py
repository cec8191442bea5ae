"""Sessions of browsers."""

import uuid
from datetime import datetime
from functools import cache
from typing import Any

from django.db import models
from django.utils import timezone

from authentication.configuration import ClaimRule, Configuration
from authentication.devices import device_in_words
from authentication.factors import FactorDemand, lacks_factor
from organizations.models import User

LONGEST_AGENT = 512
__all__ = ["ClaimRule", "Configuration", "FactorDemand", "Session"]


class SessionQuerySet(models.QuerySet["Session"]):
    def of_visit(self, digest: str, now: datetime) -> "Session | None":
        """With `lacks_factor`: whether the person must have a second factor and has none. None when it has ended.

        One query, put together once: every request asks it, and building takes Django longer than asking.
        """
        sql, usual = _session_of_visit()
        return next(iter(self.raw(sql, [*usual, digest, now])), None)

    def live_of(self, user: User) -> "SessionQuerySet":
        """Those with which the person is signed in: of the password and the generation of now."""
        hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
        return self.filter(user=user, auth_hash__in=hashes, expires_at__gt=timezone.now())


@cache
def _session_of_visit() -> tuple[str, tuple[Any, ...]]:
    """The text, and its parameters but for the last two."""
    rows = Session.objects.annotate(lacks_factor=lacks_factor("user_id", "user__site_role")).order_by()
    sql, parameters = rows.filter(digest="", expires_at__gt=timezone.now()).query.sql_with_params()
    return sql, parameters[:-2]


class Session(models.Model):
    """A browser, signed in or about to. The key is in its cookie only; `address` and `agent` are those last seen."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    data = models.TextField(editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    auth_hash = models.CharField(max_length=128, blank=True, editable=False)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=LONGEST_AGENT, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return self.device

    @property
    def device(self) -> str:
        """`Firefox on Linux`."""
        return device_in_words(self.agent)
