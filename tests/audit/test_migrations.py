"""The migrations of the audit log, on a database with events in it."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from audit.models import AuditEvent
from tests.audit.events import make_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def before_words() -> Iterator[None]:
    MigrationExecutor(connection).migrate([("audit", "0006_token_name")])
    yield
    migrate_to_newest()


def migrate_to_newest() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_events_from_before_there_was_a_table_of_words_are_found(before_words: None) -> None:
    event = make_event(action="provider.cordon")
    migrate_to_newest()
    later = make_event(action="provider.uncordon")
    assert list(AuditEvent.objects.search("ider.cord")) == [event]
    assert list(AuditEvent.objects.search("cordon").newest_first()) == [later, event]
