"""Sessions of people at environments: tickets, what they are redeemed for, and whether one is still good."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from audit.services import Actor, record
from coderadmin.encryption import Secret
from environments.errors import RefusedError
from environments.models import Environment, EnvironmentSession
from environments.opening import refusal_to_open, remedy_to_open
from environments.policies import can_open, require_open
from organizations.models import User
from organizations.services.locking import locked_user
from providers.models import WorkspaceProvider
from providers.tokens import digest_of

TICKET_LIFETIME = timedelta(seconds=60)
SESSION_LIFETIME = timedelta(hours=12)
MOST_TICKETS = 20
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Use:
    """A session at an environment, and whether anything went through it since the last question."""

    session: str = field(repr=False)
    environment: str
    active: bool


@sensitive_variables()
def open_environment(*, actor: Actor, environment: Environment) -> Secret:
    """A ticket that envproxy may redeem once, within TICKET_LIFETIME.

    Raises as `require_openable`, and RefusedError for MOST_TICKETS at a time.
    """
    person = require_openable(actor=actor, environment=environment)
    ticket = _new_secret()
    with transaction.atomic():
        locked_user(person)
        _refuse_too_many(person)
        EnvironmentSession.objects.create(
            user=person,
            environment=environment,
            ticket_digest=digest_of(ticket),
            auth_hash=person.get_session_auth_hash(),
            expires_at=timezone.now() + TICKET_LIFETIME,
        )
        record(actor=actor, action="environment.open", target=environment, organization=environment.organization_id)
    return ticket


def require_openable(*, actor: Actor, environment: Environment) -> User:
    """Who opens it. Raises PermissionDenied, RefusedError when it is not on or has no envproxy."""
    person = require_open(actor, environment)
    if refusal := refusal_to_open(environment):
        raise RefusedError(f"{environment.name} can't be opened: {refusal}", remedy=remedy_to_open(environment))
    return person


def _refuse_too_many(person: User) -> None:
    """The person must be locked."""
    tickets = EnvironmentSession.objects.filter(user=person, session_digest=None, expires_at__gt=timezone.now())
    if tickets.count() >= MOST_TICKETS:
        message = f"You opened environments {MOST_TICKETS} times within a minute."
        raise RefusedError(message, remedy="Try again in a minute.")


@sensitive_variables()
def redeem_ticket(*, provider: WorkspaceProvider, ticket: str) -> tuple[Secret, EnvironmentSession] | None:
    """The session's secret and its row, once; None for a ticket that is not good at this provider."""
    with transaction.atomic():
        tickets = EnvironmentSession.objects.with_parties().select_for_update(of=("self",))
        row = tickets.filter(ticket_digest=digest_of(ticket), session_digest=None).first()
        if row is None or not _is_good(row, provider):
            return None
        session = _new_secret()
        row.session_digest, row.expires_at = digest_of(session), timezone.now() + SESSION_LIFETIME
        row.save(update_fields=["session_digest", "expires_at"])
    return session, row


@sensitive_variables()
def check_uses(*, provider: WorkspaceProvider, uses: Sequence[Use]) -> list[Environment | None]:
    """The environment of each use that is allowed, in the order of `uses`.

    One query, and a few more at most once in USE_NOTED_EVERY per environment, however many uses there are.
    """
    digests = [digest_of(use.session) for use in uses]
    found = EnvironmentSession.objects.with_parties().filter(session_digest__in=set(digests))
    rows = {row.session_digest: row for row in found.filter(environment__provider=provider)}
    good = [_good_row(rows.get(digest), use, provider) for digest, use in zip(digests, uses, strict=True)]
    _note_use([row for row, use in zip(good, uses, strict=True) if row and use.active])
    return [row.environment if row else None for row in good]


def delete_ended_sessions() -> int:
    """Tickets and sessions whose time is over. One query."""
    return EnvironmentSession.objects.filter(expires_at__lt=timezone.now()).delete()[0]


def _good_row(row: EnvironmentSession | None, use: Use, provider: WorkspaceProvider) -> EnvironmentSession | None:
    is_its = row is not None and str(row.environment_id) == use.environment.lower()
    return row if row and is_its and _is_good(row, provider) else None


def _is_good(row: EnvironmentSession, provider: WorkspaceProvider) -> bool:
    return (
        row.is_alive
        and row.environment.provider_id == provider.pk
        and can_open(row.user, row.environment)
        and constant_time_compare(row.auth_hash, row.user.get_session_auth_hash())
    )


def _note_use(rows: Collection[EnvironmentSession]) -> None:
    """Rows that somebody else holds are passed over until the next question: a web process waits for nobody."""
    now = timezone.now()
    before = now - USE_NOTED_EVERY
    environments = {row.environment_id for row in rows if row.environment.active_at < before}
    sessions = {row.pk for row in rows if row.last_used_at is None or row.last_used_at < before}
    if environments:
        Environment.objects.update_unlocked(environments, active_at=now)
    if sessions:
        EnvironmentSession.objects.update_unlocked(sessions, last_used_at=now)


def _new_secret() -> Secret:
    """256 random bits, as a text that a URL and a cookie take as it is."""
    return Secret(secrets.token_urlsafe(32))
