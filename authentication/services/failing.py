"""Failed sign-ins by OpenID Connect become audit rows. They cost a stranger nothing: a few a minute tell of them."""

from datetime import timedelta

from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor, record
from authentication.configuration import Configuration
from organizations.denials import MOST_A_MINUTE
from organizations.models import User

LONGEST_REASON = 300


def record_failure(*, actor: Actor, reason: str, configuration: Configuration, email: str = "") -> None:
    """`reason`: for those who read the audit log; never a token. Two or three queries."""
    failed, since = AuditEvent.Outcome.FAILED, timezone.now() - timedelta(minutes=1)
    lately = AuditEvent.objects.filter(action="user.sign_in", address=actor.address, outcome=failed, at__gte=since)
    if lately.count() >= MOST_A_MINUTE:
        return
    user = User.objects.filter(email=email).first() if email else None
    record(
        actor=actor,
        action="user.sign_in",
        target=user or User(id=None, email=email),
        after={"method": "OpenID Connect", "reason": reason[:LONGEST_REASON], "issuer": configuration.issuer},
        outcome=failed,
    )
