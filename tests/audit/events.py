"""Audit events for tests, and ways around the guards of their tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor, record
from organizations.models import User

TABLES = ("audit_auditevent", "audit_auditseal")


def make_event(person: User | None = None, *, target: User | None = None, **fields: Any) -> AuditEvent:
    """By the system, on an account that is not stored, unless told otherwise."""
    fields.setdefault("action", "user.create")
    target = target or User(email="somebody@example.com")
    return record(actor=Actor(user=person) if person else SYSTEM, target=target, **fields)


@contextmanager
def without_guards() -> Iterator[None]:
    """What an intruder does who owns the tables."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_rows_stay")
