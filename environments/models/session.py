"""Who is at an environment, as envproxy sees it."""

from django.db import models
from django.utils import timezone

from environments.models.environment import Environment
from environments.querysets import EnvironmentSessionQuerySet
from organizations.models import User


class EnvironmentSession(models.Model):
    """A person's browser at an environment: ticket → session, once envproxy has redeemed the ticket.

    Both are secrets of which only digests are stored. `expires_at` is the ticket's end, then the session's.
    `auth_hash` is as in the person's own session: another password or generation ends both.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="environment_sessions")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="sessions")
    ticket_digest = models.CharField(max_length=64, unique=True)
    session_digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 - empty ones would meet
    auth_hash = models.CharField(max_length=128)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = EnvironmentSessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="environment_session_end")]

    def __str__(self) -> str:
        return f"session {self.pk}"

    @property
    def is_alive(self) -> bool:
        return self.expires_at > timezone.now()
