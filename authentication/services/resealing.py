"""Secrets of second factors under the first of CODERADMIN_ENCRYPTION_KEYS: they lie in documents, not in columns."""

from collections.abc import Iterator

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from authentication.factors import APP, CODES
from coderadmin.encryption import Sealed, key_of, seal

NAMES = ("secret", "seed")  # of the app's key, and of what recovery codes are made from


def sealed_factors() -> Iterator[tuple[str, Sealed]]:
    """Where each is, and the value."""
    for row in Authenticator.objects.filter(type__in=(APP, CODES)).order_by("pk").iterator():
        for name in _names(row):
            yield f"mfa.Authenticator.data.{name} of {row.pk}", Sealed(row.data[name])


def reseal_factors() -> int:
    """Those that an older key opens; how many. Each under its lock: codes are used meanwhile."""
    pks = Authenticator.objects.filter(type__in=(APP, CODES)).order_by("pk").values_list("pk", flat=True)
    return sum(_reseal(pk) for pk in list(pks))


@sensitive_variables()
@transaction.atomic
def _reseal(pk: int) -> int:
    row = Authenticator.objects.select_for_update().filter(pk=pk).first()
    older = [name for name in _names(row) if key_of(row.data[name])] if row else []
    for name in older:
        row.data[name] = str(seal(Sealed(row.data[name]).open()))
    if older:
        row.save(update_fields=["data"])
    return len(older)


def _names(row: Authenticator) -> list[str]:
    return [name for name in NAMES if name in row.data]
