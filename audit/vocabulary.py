"""The words that events have: a search finds those that contain what was typed, and then the events that have them.

There are few of them, however many events there are, so that parts of words are looked for in a small table.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connection, models, transaction
from django.db.models import Func, Value
from django.db.models.functions import Upper

EACH_WORD = Func(Upper("words"), Value(" "), function="string_to_array", output_field=ArrayField(models.TextField()))
MOST_FOUND = 1000
BEING_WRITTEN = 0x0A0D_170D  # a lock that whoever writes an event shares, until the end of the transaction

UNUSED = (
    "NOT EXISTS (SELECT FROM audit_auditevent WHERE string_to_array(upper(words), ' ') @> ARRAY[audit_auditword.word])"
)


class AuditWord(models.Model):
    """In capitals. Written by a trigger together with the event (migration 0007); twice where transactions meet."""

    word = models.TextField()

    class Meta:
        indexes = [
            models.Index("word", name="audit_word"),
            GinIndex(OpClass(Upper("word"), name="gin_trgm_ops"), name="audit_word_parts", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.word


def words_with(part: str) -> list[str] | None:
    """Those that contain it; None when they are too many to be looked up one by one. One query."""
    found = list(AuditWord.objects.filter(word__icontains=part).values_list("word", flat=True)[: MOST_FOUND + 1])
    return found if len(found) <= MOST_FOUND else None


def forget_unused_words() -> int:
    """Those that no event has any more; how many it were.

    Nobody waits: while an event is being written they all stay, until the next time. Seconds for millions of events.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM audit_auditword WHERE {UNUSED}")  # noqa: S608
        unused = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [BEING_WRITTEN])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(f"DELETE FROM audit_auditword WHERE id = ANY(%s) AND {UNUSED}", [unused])  # noqa: S608
        return int(cursor.rowcount)
