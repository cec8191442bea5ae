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
from organizations.services.tokens import (
    create_token,
    described,
    digest_of,
    end_token,
    end_tokens,
    family,
    new_secret,
    require_within,
    still_valid,
)

SIGN_IN_NAME = "Command line "
MADE_BY_SIGN_IN = rf"^{SIGN_IN_NAME}[0-9-]{{10}} [0-9:]{{8}} [0-9a-f]{{4}}$"  # another one with that beginning stays
MOST_SIGN_INS = 10


@sensitive_variables()
@transaction.atomic
def make_sign_in_token(*, actor: Actor) -> tuple[ApiToken, str]:
    """As `create_token`, for whoever has just signed in; the oldest of these tokens end beyond MOST_SIGN_INS.

    Those stay with which others were made that are still valid: these would end, too.
    """
    assert isinstance(actor.user, User)  # noqa: S101 - nobody else has tokens
    sign_ins = locked_user(actor.user).api_tokens.filter(name__regex=MADE_BY_SIGN_IN)
    unused = sign_ins.exclude(made__expires_at__gt=timezone.now())
    for token in unused.order_by("-created_at")[MOST_SIGN_INS - 1 :]:
        end_token(actor=actor, token=token)
    name = f"{SIGN_IN_NAME}{timezone.now():%Y-%m-%d %H:%M:%S} {secrets.token_hex(2)}"
    return create_token(actor=actor, name=name, scopes=[TokenScope.WRITE])


@sensitive_variables()
@transaction.atomic
def regenerate_token(*, actor: Actor, token: ApiToken, within: ApiToken) -> str:
    """Another secret, for as long as the token was made for, but no longer than `within`, the token that asks for it.

    The old secret opens nothing from now on, and what was made with it ends; the new one ends with `within`.

    Raises RefusedError when one of them was ended, PermissionDenied.
    """
    require_own_tokens(actor, token.user)
    require(locked_user(token.user).is_active, "A deactivated account can't have tokens.")
    within, found = still_valid(within), family(token)
    if not found:
        raise RefusedError("This token was ended in the meantime.", remedy="Make another one.")
    row, *made = found
    require_within(within, [TokenScope(scope) for scope in row.scopes])
    require(within not in made, "A token can't make anew the one that it was made with.")
    end_tokens(actor=actor, tokens=made)
    secret, now = new_secret(), timezone.now()
    row.expires_at = min(now + (row.expires_at - row.created_at), within.expires_at)
    row.digest, row.created_at = digest_of(secret), now
    row.made_with = row.made_with if row == within else within
    row.last_used_at = row.last_used_address = None
    row.save()
    record(actor=actor, action="token.regenerate", target=row, after=described(row) | {"token": "******"})
    return secret
