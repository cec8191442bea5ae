"""The hash chain of the audit log: each event is sealed by a digest of itself and of the seal before it.

A sweep seals, seconds after the events were committed. So writing an event waits for nobody, and the chain is in the
order of the seals, not of ids: a transaction may commit later than one that began after it.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.utils import timezone

from audit.models import AuditChain, AuditEvent, AuditSeal
from audit.querysets import AuditEventQuerySet

log = logging.getLogger("audit.log")

BATCH = 1000
LONGEST_TRANSACTION = timedelta(hours=1)  # an event that appears later than that after its time is not sealed
SEALED_WITHIN = timedelta(minutes=5)  # of its time, while the scheduler runs


class ChainBrokenError(Exception):
    """The audit log is not as it was sealed. The message names the first event that does not fit."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Of a chain that is whole. `late`: events that should have been sealed by now."""

    events: int
    removed: int
    newest: str
    unsealed: int
    late: int


def seal_events() -> int:
    """Seal up to BATCH events; how many it were. One at a time in the whole deployment."""
    with transaction.atomic():
        chain = locked_chain()
        events = list(_unsealed(chain).order_by("id")[:BATCH])
        if not events:
            return 0
        seals, digest = [], chain.newest_digest
        for number, event in enumerate(events, start=chain.newest_number + 1):
            digest = digest_of(digest, number, event)
            seals.append(AuditSeal(number=number, event_id=event.pk, digest=digest))
        AuditSeal.objects.bulk_create(seals)
        chain.newest_number, chain.newest_digest = seals[-1].number, digest
        chain.newest_at = max([event.at for event in events] + ([chain.newest_at] if chain.newest_at else []))
        chain.save()
        transaction.on_commit(partial(log.info, json.dumps({"seal": str(seals[-1])})), robust=True)
    return len(events)


def verify(*, expected: str = "") -> Verification:
    """Walk the whole chain. `expected`: a seal, NUMBER:DIGEST, that was kept outside the database.

    Raises ChainBrokenError. Sees one moment of the database: not within a transaction.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        chain = AuditChain.objects.first() or AuditChain()
        _walk(chain, _seals())
        _require_expected(chain, expected)
        unsealed = AuditEvent.objects.filter(seal=None)
        _require_none_forgotten(chain, unsealed)
        return Verification(
            events=chain.newest_number - chain.removed_number,
            removed=chain.removed_number,
            newest=f"{chain.newest_number}:{chain.newest_digest}",
            unsealed=unsealed.count(),
            late=unsealed.filter(at__lt=timezone.now() - SEALED_WITHIN).count(),
        )


def locked_chain() -> AuditChain:
    """Within a transaction."""
    AuditChain.objects.get_or_create(pk=1)
    return AuditChain.objects.select_for_update().get(pk=1)


def digest_of(previous: str, number: int, event: AuditEvent) -> str:
    content = [
        *(previous, number, event.pk, event.at.astimezone(UTC).isoformat()),
        *(str(event.actor_id) if event.actor_id else None, event.actor_name, event.address, event.action),
        *(event.target_type, event.target_id, event.target_name, event.organization_id),
        *(event.before, event.after, event.outcome),
        *([event.token_name] if event.token_name else []),  # events of before there was this column fit their seals
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _unsealed(chain: AuditChain) -> AuditEventQuerySet:
    events = AuditEvent.objects.filter(seal=None)
    return events.filter(at__gte=since) if (since := _sealable_since(chain)) else events


def _sealable_since(chain: AuditChain) -> datetime | None:
    """None: before the first seal, every event can be sealed."""
    return min(chain.newest_at, timezone.now()) - LONGEST_TRANSACTION if chain.newest_at else None


def _seals() -> Iterator[AuditSeal]:
    """All, in order; a query a batch."""
    seals = AuditSeal.objects.select_related("event").order_by("number")
    following = seals
    while batch := list(following[:BATCH]):
        yield from batch
        following = seals.filter(number__gt=batch[-1].number)


def _walk(chain: AuditChain, seals: Iterable[AuditSeal]) -> None:
    number, digest = chain.removed_number, chain.removed_digest
    for seal in seals:
        number += 1
        if seal.number != number:
            raise ChainBrokenError(f"Seal {number} is missing; the next one there is of event {seal.event_id}.")
        if seal.event is None:
            raise ChainBrokenError(f"Event {seal.event_id} was removed: its seal, {seal.number}, is left alone.")
        digest = digest_of(digest, number, seal.event)
        if seal.digest != digest:
            raise ChainBrokenError(f"Event {seal.event_id} was changed: it does not fit its seal, {seal.number}.")
    if (number, digest) != (chain.newest_number, chain.newest_digest):
        raise ChainBrokenError(f"The chain ends with seal {number}, but the newest one was {chain.newest_number}.")


def _require_expected(chain: AuditChain, expected: str) -> None:
    number = expected.partition(":")[0]
    if not expected or (chain.removed_number and expected == f"{chain.removed_number}:{chain.removed_digest}"):
        return
    if number.isdecimal() and 0 < int(number) < chain.removed_number:
        raise ChainBrokenError(
            f"The seal {expected} can't be compared: the log says that retention removed those up to "
            f"{chain.removed_number}. Compare a newer one."
        )
    found = AuditSeal.objects.filter(number=number).first() if number.isdecimal() else None
    if found is None or str(found) != expected:
        event = f", that of event {found.event_id}" if found else ""
        raise ChainBrokenError(f"The seal {expected} is not in the chain; there it is {found or 'missing'}{event}.")


def _require_none_forgotten(chain: AuditChain, unsealed: AuditEventQuerySet) -> None:
    """What appears long after its time was not written by this program."""
    if since := _sealable_since(chain):
        event = unsealed.filter(at__lt=since).order_by("id").first()
        if event:
            raise ChainBrokenError(f"Event {event.pk} was put in after its time: no seal is to be had for it.")
