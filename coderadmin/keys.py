"""Which key opens what is stored, and bringing all of it under the first of CODERADMIN_ENCRYPTION_KEYS.

Beside running web and workers: each value is replaced only where it is still the one that was read, so that what
somebody saves meanwhile stays. Whatever interrupts it, running it again does the rest.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings

from audit.models import AuditEvent
from audit.services import SYSTEM, event_of, record_all
from authentication.services.resealing import reseal_factors, sealed_factors
from coderadmin.encryption import EncryptedTextField, Sealed, key_of, seal

BATCH = 200


@dataclass(frozen=True)
class Status:
    """`opened`: how many values each key opens, in their order; `lost`: where the values are that none opens."""

    opened: list[int]
    lost: list[str]


@dataclass
class Rotation:
    """Counts of values. `lost`: where those are that no key opens; they were left as they are."""

    found: int = 0
    resealed: int = 0
    lost: list[str] = field(default_factory=list)


def encrypted_columns() -> list[EncryptedTextField]:
    """All that there are, of every app."""
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    columns = [column for model in models for column in model._meta.local_concrete_fields]
    return [column for column in columns if isinstance(column, EncryptedTextField)]


def status() -> Status:
    opened, lost = Counter[int](), []
    for column in encrypted_columns():
        for pk, value in (row for batch in _batches(column) for row in batch):
            if (key := key_of(value)) is None:
                lost.append(_place(column, pk))
            else:
                opened[key] += 1
    for place, value in sealed_factors():
        if (key := key_of(value)) is None:
            lost.append(place)
        else:
            opened[key] += 1
    return Status([opened[number] for number in range(len(settings.ENCRYPTION_KEYS))], lost)


def rotate(report: Callable[[str], None]) -> Rotation:
    """`report` hears of each batch. One audit row if anything was changed, also of a run that was interrupted."""
    done, outcome = Rotation(), AuditEvent.Outcome.FAILED
    try:
        for column in encrypted_columns():
            for batch in _batches(column):
                _rotate_batch(column, batch, done)
                report(f"{column}: {done.found} values so far, {done.resealed} encrypted anew")
        _rotate_factors(done)
        report(f"Second factors: {done.found} values so far, {done.resealed} encrypted anew")
        outcome = AuditEvent.Outcome.FAILED if done.lost else AuditEvent.Outcome.SUCCEEDED
    finally:
        if done.resealed:
            after = {"values": done.resealed, "lost": len(done.lost)}
            record_all([event_of(actor=SYSTEM, action="keys.rotate", target=None, after=after, outcome=outcome)])
    return done


def _rotate_factors(done: Rotation) -> None:
    for place, value in sealed_factors():
        done.found += 1
        if key_of(value) is None:
            done.lost.append(place)
    done.resealed += reseal_factors()


def _rotate_batch(column: EncryptedTextField, batch: list[tuple[Any, Sealed]], done: Rotation) -> None:
    for pk, value in batch:
        done.found += 1
        if key_of(value) is None:
            done.lost.append(_place(column, pk))
        else:
            done.resealed += _reseal(column, pk, value)


def _reseal(column: EncryptedTextField, pk: Any, value: Sealed | None) -> bool:
    """Again when somebody saved another value in between, which may be under an old key, too."""
    rows, name = column.model._base_manager.filter(pk=pk), column.attname
    while value and key_of(value):
        if rows.filter(**{name: value}).update(**{name: seal(value.open())}):
            return True
        value = rows.values_list(name, flat=True).first()
    return False


def _batches(column: EncryptedTextField) -> Iterator[list[tuple[Any, Sealed]]]:
    name = column.attname
    rows = column.model._base_manager.exclude(**{name: ""}).order_by("pk").values_list("pk", name)
    batch = list(rows[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH])


def _place(column: EncryptedTextField, pk: Any) -> str:
    return f"{column} of {pk}"
