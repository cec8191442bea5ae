"""Tokens that the original command line gets by signing in, and tokens that are made anew."""

import secrets

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit.services import Actor, record
from organizations.choices import TokenScope
from organizations.errors import RefusedError
from organizations.models import ApiToken, User
from organizations.policies import require, require_own_tokens
from organizations.services.locking import locked_user
from organizations.services.tokens import create_token, digest_of, end_token, new_secret

SIGN_IN_NAME = "Command line "
MADE_BY_SIGN_IN = rf"^{SIGN_IN_NAME}[0-9-]{{10}} [0-9:]{{8}} [0-9a-f]{{4}}$"  # another one with that beginning stays
MOST_SIGN_INS = 10


@sensitive_variables()
@transaction.atomic
def make_sign_in_token(*, actor: Actor) -> tuple[ApiToken, str]:
    """As `create_token`, for whoever has just signed in; the oldest of these tokens end beyond MOST_SIGN_INS."""
    assert isinstance(actor.user, User)  # noqa: S101 - nobody else has tokens
    sign_ins = locked_user(actor.user).api_tokens.filter(name__regex=MADE_BY_SIGN_IN).order_by("-created_at")
    for token in sign_ins[MOST_SIGN_INS - 1 :]:
        end_token(actor=actor, token=token)
    name = f"{SIGN_IN_NAME}{timezone.now():%Y-%m-%d %H:%M:%S} {secrets.token_hex(2)}"
    return create_token(actor=actor, name=name, scopes=[TokenScope.WRITE])


@sensitive_variables()
@transaction.atomic
def regenerate_token(*, actor: Actor, token: ApiToken, within: ApiToken) -> str:
    """Another secret, for as long as the token was made for; the old one opens nothing from now on.

    `within`: the token that asks for it. Another one than itself ends no later than it does.

    Raises RefusedError when it was ended, PermissionDenied.
    """
    require_own_tokens(actor, token.user)
    require(locked_user(token.user).is_active, "A deactivated account can't have tokens.")
    row = ApiToken.objects.select_for_update().filter(pk=token.pk).first()
    if row is None:
        raise RefusedError("This token was ended in the meantime.", remedy="Make another one.")
    secret, now = new_secret(), timezone.now()
    end = now + (row.expires_at - row.created_at)
    row.digest, row.created_at = digest_of(secret), now
    row.expires_at = end if row == within else min(end, within.expires_at)
    row.last_used_at = row.last_used_address = None
    row.save(update_fields=["digest", "created_at", "expires_at", "last_used_at", "last_used_address"])
    after = {"expires_at": row.expires_at.isoformat(), "token": "******"}
    record(actor=actor, action="token.regenerate", target=row, after=after)
    return secret
