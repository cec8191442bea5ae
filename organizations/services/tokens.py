"""API tokens: made, used and ended. The secret is returned once and stored nowhere, only its digest."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit.services import Actor, record
from organizations.choices import TokenScope
from organizations.errors import RefusedError
from organizations.models import ApiToken, User
from organizations.policies import require, require_end_tokens
from organizations.services.locking import locked_user
from organizations.services.saving import clean_and_save
from organizations.text import clean_line

TOKEN_PREFIX = "cat_"  # noqa: S105 - makes leaked tokens recognisable to secret scanners
USUAL_DAYS, MOST_DAYS = 90, 365
MOST_TOKENS = 50
USE_NOTED_EVERY = timedelta(minutes=1)


@sensitive_variables()
@transaction.atomic
def create_token(
    *,
    actor: Actor,
    name: str,
    scopes: Collection[TokenScope],
    days: int = USUAL_DAYS,
    within: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """A token of the actor, and its secret, to be shown once. `within`: the token that asks for it, and ends it too.

    Raises ValidationError (also when the name is taken), RefusedError, PermissionDenied for more than `within` has.
    """
    assert isinstance(actor.user, User)  # noqa: S101 - nobody else has tokens
    user = locked_user(actor.user)
    require(user.is_active, "A deactivated account can't have tokens.")
    if user.api_tokens.count() >= MOST_TOKENS:
        raise RefusedError(
            f"You have {MOST_TOKENS} tokens, and more are not possible.", remedy="End one of them first."
        )
    expires_at = timezone.now() + timedelta(days=days)
    if within is not None:
        within = still_valid(within)
        require_within(within, scopes)
        expires_at = min(expires_at, within.expires_at)
    secret = new_secret()
    token = ApiToken(
        user=user,
        name=clean_line(name),
        scopes=[scope for scope in TokenScope if scope in scopes],
        digest=digest_of(secret),
        made_with=within,
        expires_at=expires_at,
    )
    clean_and_save(token, lambda: token.save(force_insert=True))
    after = described(token) | {"token": "******"}
    record(actor=actor, action="token.create", target=token, after=after)
    return token, secret


@transaction.atomic
def end_token(*, actor: Actor, token: ApiToken) -> None:
    """The next request with it, or with what was made with it, is refused. Repeatable. Raises PermissionDenied."""
    require_end_tokens(actor, token.user)
    locked_user(token.user)  # so that nothing more is made with it
    end_tokens(actor=actor, tokens=family(token))


@sensitive_variables()
def find_token(secret: str, *, address: str | None) -> ApiToken | None:
    """The live token of an active person, with the person; notes its use at most once a minute. One or two queries."""
    now = timezone.now()
    tokens = ApiToken.objects.select_related("user").filter(user__is_active=True, expires_at__gt=now)
    token = tokens.filter(digest=digest_of(secret)).first()
    if token and (token.last_used_at is None or now - token.last_used_at >= USE_NOTED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_address=address)
    return token


def family(token: ApiToken) -> list[ApiToken]:
    """The token as it is now, then what was made with it, and with that; nothing when it is gone. One query."""
    tokens = list(ApiToken.objects.select_related("user", "made_with").filter(user=token.user_id))
    found = [each for each in tokens if each == token]
    for one in found:  # which grows meanwhile
        found += [each for each in tokens if each.made_with_id == one.pk]
    return found


def end_tokens(*, actor: Actor, tokens: Collection[ApiToken]) -> None:
    """Below a lock on their person, who may have been asked for."""
    for token in tokens:
        record(actor=actor, action="token.end", target=token, before=described(token))
    ApiToken.objects.filter(pk__in=[token.pk for token in tokens]).delete()


def still_valid(within: ApiToken) -> ApiToken:
    """The token that asks, as it is now. Raises RefusedError when it ended or was made anew since the request came."""
    row = ApiToken.objects.filter(pk=within.pk, digest=within.digest, expires_at__gt=timezone.now()).first()
    if row is None:
        raise RefusedError("The token that asks for this was ended in the meantime.", remedy="Use another one.")
    return row


def require_within(within: ApiToken, scopes: Collection[TokenScope]) -> None:
    """Raises PermissionDenied."""
    allowed = set(within.scopes) | (
        {TokenScope.READ, TokenScope.PROVIDERS} if TokenScope.WRITE in within.scopes else set()
    )
    require(set(scopes) <= allowed, "A token can't make another one that may do more than itself.")


def described(token: ApiToken) -> dict[str, Any]:
    """For the audit log."""
    made_with = token.made_with.name if token.made_with else None
    return {"scopes": token.scopes, "expires_at": token.expires_at.isoformat(), "made_with": made_with}


def new_secret() -> str:
    return TOKEN_PREFIX + secrets.token_hex(32)


def digest_of(secret: str) -> str:
    """SHA-256 in hexadecimal. A plain digest is enough: the secret itself has 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
