"""Rows of the audit log can't be changed or deleted through the application's own connection."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.chain import seal_events
from audit.models import AuditEvent, AuditSeal
from tests.audit.events import make_event

pytestmark = pytest.mark.django_db

CHANGES: dict[str, Callable[[], Any]] = {
    "update": lambda: AuditEvent.objects.update(actor_name="nobody"),
    "save": lambda: AuditEvent.objects.get().save(),
    "delete": lambda: AuditEvent.objects.all().delete(),
    "update of a seal": lambda: AuditSeal.objects.update(digest=""),
    "delete of a seal": lambda: AuditSeal.objects.all().delete(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses(change: str) -> None:
    make_event()
    seal_events()
    before = [list(model.objects.values()) for model in (AuditEvent, AuditSeal)]
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        CHANGES[change]()
    assert [list(model.objects.values()) for model in (AuditEvent, AuditSeal)] == before


@pytest.mark.parametrize("table", ["audit_auditevent", "audit_auditseal"])
def test_the_tables_can_not_be_emptied_outside_of_tests(table: str) -> None:
    make_event()
    with (
        pytest.raises(DatabaseError, match="never changed or deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET LOCAL coderadmin.audit_truncate = 'off'")  # which is how every other database is
        cursor.execute(f"TRUNCATE {table}")
    assert AuditEvent.objects.count() == 1


def test_replication_mode_is_no_way_around() -> None:
    make_event()
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        AuditEvent.objects.update(actor_name="nobody")


def test_the_leave_to_delete_ends_with_its_transaction() -> None:
    make_event()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL coderadmin.audit_retention = 'on'")
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            AuditEvent.objects.update(actor_name="nobody")
        cursor.execute("SET LOCAL coderadmin.audit_retention = 'off'")
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            AuditEvent.objects.all().delete()
