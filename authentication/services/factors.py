"""Second factors: added, used, taken away. Their secrets are shown while they are added, and never again."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit.services import Actor, record
from authentication.codes import period_of
from authentication.factors import APP, CODES, MOST_PASSKEYS, PASSKEY, factor_in_words, factors_of, name_of
from authentication.policies import require_own_factors, require_reset_factors
from coderadmin.encryption import Sealed
from organizations.errors import RefusedError
from organizations.models import User
from organizations.services.locking import locked_user
from organizations.text import clean_line


@sensitive_variables()
@transaction.atomic
def add_app(*, actor: Actor, user: User, secret: str, period: int) -> list[str]:
    """`period`: of the code by which it proved itself, which is thereby used. Gives recovery codes, to be shown once,
    if there were none. Raises RefusedError, PermissionDenied.
    """
    require_own_factors(actor, user)
    user = locked_user(user)
    if Authenticator.objects.filter(user=user, type=APP).exists():
        raise RefusedError("You have an authenticator app already.", remedy="Remove it first.")
    factor = TOTP.activate(user, secret).instance
    _note_period(factor, period)
    record(actor=actor, action="user.add_factor", target=user, after={"factor": factor_in_words(factor)})
    return _first_codes(user)


@transaction.atomic
def add_passkey(*, actor: Actor, user: User, name: str, credential: dict[str, Any]) -> list[str]:
    """`credential`: checked already against what was asked of the browser. Gives codes as `add_app`.

    Raises RefusedError, PermissionDenied.
    """
    require_own_factors(actor, user)
    user = locked_user(user)
    if Authenticator.objects.filter(user=user, type=PASSKEY).count() >= MOST_PASSKEYS:
        raise RefusedError(f"You have {MOST_PASSKEYS} passkeys.", remedy="Remove one of them first.")
    factor = WebAuthn.add(user, clean_line(name), credential).instance
    record(actor=actor, action="user.add_factor", target=user, after={"factor": factor_in_words(factor)})
    return _first_codes(user)


@transaction.atomic
def rename_factor(*, actor: Actor, factor: Authenticator, name: str) -> None:
    """Repeatable. Raises PermissionDenied, RefusedError when it is gone."""
    require_own_factors(actor, factor.user)
    row = factors_of(factor.user).select_for_update().filter(pk=factor.pk).first()
    if row is None:
        raise RefusedError("It was removed meanwhile.")
    before, wanted = factor_in_words(row), clean_line(name)
    if name_of(row) == wanted:
        return
    row.data["name"] = wanted
    row.save(update_fields=["data"])
    record(
        actor=actor,
        action="user.rename_factor",
        target=factor.user,
        before={"factor": before},
        after={"factor": factor_in_words(row)},
    )


@transaction.atomic
def remove_factor(*, actor: Actor, factor: Authenticator) -> None:
    """With the last one the recovery codes go, too. Repeatable. Raises PermissionDenied."""
    require_own_factors(actor, factor.user)
    user = locked_user(factor.user)
    row = factors_of(user).filter(pk=factor.pk).first()
    if row is None:
        return
    record(actor=actor, action="user.remove_factor", target=user, before={"factor": factor_in_words(row)})
    row.delete()
    if not factors_of(user).exists():
        Authenticator.objects.filter(user=user).delete()


@transaction.atomic
def reset_factors(*, actor: Actor, user: User) -> int:
    """Takes all of a person who lost them, and the recovery codes; how many there were. Repeatable.

    Raises RefusedError for oneself, PermissionDenied.
    """
    require_reset_factors(actor, user)
    if actor.user is not None and actor.user.pk == user.pk:
        raise RefusedError("Your own second factors are under your account.")
    user = locked_user(user)
    names = [factor_in_words(factor) for factor in factors_of(user)]
    Authenticator.objects.filter(user=user).delete()
    if names:
        record(actor=actor, action="user.reset_factors", target=user, before={"factors": names})
    return len(names)


@sensitive_variables()
@transaction.atomic
def make_recovery_codes(*, actor: Actor, user: User) -> list[str]:
    """New ones, to be shown once; those of before end. Raises RefusedError without a factor, PermissionDenied."""
    require_own_factors(actor, user)
    user = locked_user(user)
    if not factors_of(user).exists():
        raise RefusedError("Recovery codes stand in for a second factor: add one first.")
    Authenticator.objects.filter(user=user, type=CODES).delete()
    record(actor=actor, action="user.make_recovery_codes", target=user)
    return _first_codes(user)


@sensitive_variables()
@transaction.atomic
def use_code(*, user: User, code: str) -> Authenticator | None:
    """Whose code it is, the app's or one of the recovery codes, if it opens. It opens once, also for two at once."""
    rows = Authenticator.objects.select_for_update().filter(user=user, type__in=(APP, CODES)).order_by("pk")
    for row in rows:
        if (_opens_app if row.type == APP else _opens_codes)(row, code):
            Authenticator.objects.filter(pk=row.pk).update(last_used_at=timezone.now())
            return row
    return None


@sensitive_variables()
def _opens_app(row: Authenticator, code: str) -> bool:
    secret = Sealed(row.data["secret"]).open()
    period = period_of(code, secret=secret, after=row.data.get("last_period", -1))
    if period is None:
        return False
    _note_period(row, period)
    return True


def _opens_codes(row: Authenticator, code: str) -> bool:
    return RecoveryCodes(row).validate_code(code)


def _note_period(row: Authenticator, period: int) -> None:
    row.data["last_period"] = period
    row.save(update_fields=["data"])


def _first_codes(user: User) -> list[str]:
    if Authenticator.objects.filter(user=user, type=CODES).exists():
        return []
    return RecoveryCodes.activate(user).generate_codes()
