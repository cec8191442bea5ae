"""Sign-ins that are locked after too many wrong passwords, as axes counts them: by e-mail and address."""

from dataclasses import dataclass
from datetime import datetime

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from audit.services import Actor, record
from organizations.errors import RefusedError
from organizations.models import User
from organizations.policies import require_support


@dataclass(frozen=True, kw_only=True)
class Lock:
    """An e-mail, of an account or not, that can't sign in from `address` until `ends_at`."""

    email: str
    address: str
    failures: int
    ends_at: datetime
    attempt_id: int


def locks(email: str | None = None) -> list[Lock]:
    """All that are in force, or those of one e-mail; the newest first. One query."""
    rows = attempts().values("username", "ip_address").annotate(failures=Sum("failures_since_start"), pk=Max("id"))
    rows = rows.annotate(last=Max("attempt_time")).filter(failures__gte=settings.AXES_FAILURE_LIMIT)
    return [
        Lock(
            email=row["username"] or "",
            address=row["ip_address"] or "",
            failures=row["failures"],
            ends_at=row["last"] + settings.AXES_COOLOFF_TIME,
            attempt_id=row["pk"],
        )
        for row in (rows if email is None else rows.filter(username=email)).order_by("-last")
    ]


def attempts() -> "QuerySet[AccessAttempt]":
    """Wrong passwords that still count."""
    return AccessAttempt.objects.filter(attempt_time__gte=timezone.now() - settings.AXES_COOLOFF_TIME)


def require_locked(email: str) -> list[Lock]:
    """Raises RefusedError. One query."""
    if found := locks(email):
        return found
    raise RefusedError(f"{email} is not locked: it can sign in.")


@transaction.atomic
def unlock_sign_in(*, actor: Actor, email: str) -> None:
    """Forget the wrong passwords of an e-mail, whatever the address. Raises RefusedError when it is not locked."""
    require_support(actor)
    found = require_locked(email)
    if not reset(username=email):
        return  # somebody else was quicker
    user = User.objects.filter(email=email).first() or User(id=None, email=email)
    record(
        actor=actor,
        action="user.unlock",
        target=user,
        before={"failures": sum(lock.failures for lock in found), "addresses": sorted(lock.address for lock in found)},
    )
