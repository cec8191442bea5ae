"""Removing what is older than the deployment keeps, oldest first, so that the rest of the chain still fits."""

from datetime import datetime
from itertools import takewhile

from django.db import connection, transaction

from audit.chain import BATCH, locked_chain
from audit.models import AuditEvent, AuditSeal
from audit.services import SYSTEM, record
from audit.vocabulary import forget_unused_words


def remove_events(*, before: datetime) -> int:
    """The sealed events up to the first one that is not older than `before`; how many it were."""
    removed = 0
    while count := _remove_batch(before):
        removed += count
    forget_unused_words()
    return removed


@transaction.atomic
def _remove_batch(before: datetime) -> int:
    chain = locked_chain()
    oldest = AuditSeal.objects.select_related("event").order_by("number")[:BATCH]
    old = list(takewhile(lambda seal: seal.event is not None and seal.event.at < before, oldest))
    if not old:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL coderadmin.audit_retention = 'on'")  # the trigger of migration 0004 asks for it
    AuditEvent.objects.filter(pk__in=[seal.event_id for seal in old]).delete()
    AuditSeal.objects.filter(number__lte=old[-1].number).delete()
    chain.removed_number, chain.removed_digest = old[-1].number, old[-1].digest
    chain.save(update_fields=["removed_number", "removed_digest"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL coderadmin.audit_retention = 'off'")
    record(actor=SYSTEM, action="audit.remove", target=chain, after={"events": len(old), "up_to_seal": str(old[-1])})
    return len(old)
