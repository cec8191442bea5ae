"""All lines of an operation's log, for operations on whatever it be: in batches, and as text."""

from collections.abc import Iterator
from datetime import UTC

from django.http import StreamingHttpResponse
from django.utils.text import slugify

from coderadmin.client.text import safe
from providers.models import AbstractOperation, AbstractOperationLine

BATCH = 1000


def lines_after(operation: AbstractOperation, after: int, *, most: int) -> list[AbstractOperationLine]:
    """The first lines after the one of the id `after`, oldest first. One query."""
    return list(operation.lines.filter(pk__gt=after).order_by("pk")[:most])


def log_as_text(operation: AbstractOperation) -> StreamingHttpResponse:
    """Whoever calls it has checked that the person may see the operation."""
    response = StreamingHttpResponse(_batches(operation), content_type="text/plain; charset=utf-8")
    name = f"{slugify(str(operation))}-{operation.requested_at.astimezone(UTC):%Y-%m-%d-%H%M%S}.txt"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _batches(operation: AbstractOperation) -> Iterator[str]:
    """One in memory at a time, and no transaction held open meanwhile."""
    after = 0
    while lines := lines_after(operation, after, most=BATCH):
        yield "".join(map(_text, lines))
        after = lines[-1].pk


def _text(line: AbstractOperationLine) -> str:
    """`2026-11-27 03:12:00 UTC  Failed   DNS: no such name`; its remedy, and what breaks its text, stand below."""
    head = f"{line.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC  {line.get_level_display():7}  "
    said = f"{line.text}\n→ {line.remedy}" if line.remedy else line.text
    return head + f"\n{' ' * len(head)}".join(map(safe, said.splitlines())) + "\n"
