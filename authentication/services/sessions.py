"""Browsers in which people are signed in: ended one by one, or all of a person together."""

from django.db import transaction

from audit.services import Actor, record
from authentication.models import Session
from authentication.policies import require_end_sessions
from authentication.session_store import SessionStore
from organizations.models import User
from organizations.services.locking import locked_user


@transaction.atomic
def end_session(*, actor: Actor, session: Session) -> None:
    """The next request of that browser is nobody's. Repeatable. Raises PermissionDenied."""
    row = Session.objects.select_for_update(of=("self",)).select_related("user").filter(pk=session.pk).first()
    if row is None or row.user is None:
        return
    require_end_sessions(actor, row.user)
    record(actor=actor, action="user.end_session", target=row.user, before=_described(row))
    row.delete()


@transaction.atomic
def end_sessions(*, actor: Actor, user: User) -> User:
    """All of a person, and what was opened from them: environments in a browser, too.

    Whoever has a session here and shall keep it takes the person that is returned: `update_session_auth_hash`.
    Raises PermissionDenied, RefusedError when the account is gone.
    """
    require_end_sessions(actor, user)
    user = locked_user(user)
    count, _ = user.sessions.all().delete()
    user.session_generation += 1
    user.save(update_fields=["session_generation"])
    record(actor=actor, action="user.end_sessions", target=user, before={"sessions": count})
    return user


def delete_ended_sessions() -> None:
    """Those whose time is over, which nobody else removes. One query."""
    SessionStore.clear_expired()


def _described(session: Session) -> dict[str, str | None]:
    return {"device": session.device, "address": session.address}
