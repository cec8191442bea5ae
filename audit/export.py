"""Audit events for other programs: CSV and JSON lines, as streams."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from audit.models import AuditEvent

COLUMNS = (
    *("id", "at", "actor", "token", "address", "action", "outcome", "target_type", "target_id", "target"),
    *("organization_id", "before", "after"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def document_of(event: AuditEvent) -> dict[str, Any]:
    """All that is known of an event, as JSON takes it."""
    return {
        "id": event.pk,
        "at": event.at.isoformat(),
        "actor": event.actor_name,
        "token": event.token_name,
        "address": event.address,
        "action": event.action,
        "outcome": str(event.outcome),
        "target_type": event.target_type,
        "target_id": event.target_id,
        "target": event.target_name,
        "organization_id": event.organization_id,
        "before": event.before,
        "after": event.after,
    }


def csv_lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    """With a line of column names."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for event in events:
        yield writer.writerow(_cell(value) for value in document_of(event).values())


def json_lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    for event in events:
        yield json.dumps(document_of(event), ensure_ascii=False) + "\n"


class _Echo:
    """A file that hands each line back, so that a response can stream it."""

    def write(self, line: str) -> str:
        return line


def _cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula."""
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
