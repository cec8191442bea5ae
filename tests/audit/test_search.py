"""The search of audit events: by parts of words, found among the words that events have."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from audit import vocabulary
from audit.chain import seal_events
from audit.models import AuditEvent
from audit.retention import remove_events
from audit.services import SYSTEM, event_of, record_all
from audit.vocabulary import AuditWord, forget_unused_words, words_with
from organizations.models import User
from tests.audit.events import make_event

WRITE = """
INSERT INTO audit_auditevent (at, actor_name, action, target_type, target_id, target_name, organization_id, before,
    after, outcome) VALUES (now(), 'ada@example.com', 'user.create', 'user', '7', %s, '', '{}', '{}', 'succeeded')
"""


def found(text: str) -> list[str]:
    return [event.target_name for event in AuditEvent.objects.search(text).newest_first()]


@pytest.fixture
def another() -> Iterator[BaseDatabaseWrapper]:
    """Connection to the same database, which waits for nobody."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")
    yield other
    other.close()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["sydney-1", "YDN", "ey-1 user.cr", "created", "größe", "GRÖSSE", "(a)", "a\\b", "50%_"]
)
def test_a_part_of_a_word_is_found_anywhere(text: str) -> None:
    make_event(target=User(email="somebody else"))
    make_event(target=User(email="In sydney-1 größe GRÖSSE (a) a\\b 50%_ was created"))
    assert len(found(text)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["sydney1", "y s", "%", "_ydney", "sydney nowhere", "\\"])
def test_what_is_not_there_is_not_found(text: str) -> None:
    make_event(target=User(email="sydney"))
    assert found(text) == (["sydney"] if text == "y s" else [])  # these are two parts, each of which is there


@pytest.mark.django_db
def test_a_part_of_very_many_words_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sydney-1", "sydney-2", "melbourne"):
        make_event(target=User(email=name))
    expected = found("sydney")
    monkeypatch.setattr(vocabulary, "MOST_FOUND", 1)
    assert words_with("sydney") is None
    assert found("sydney") == expected == ["sydney-2", "sydney-1"]


@pytest.mark.django_db
def test_a_word_is_kept_once() -> None:
    record_all([event_of(actor=SYSTEM, action="user.create", target=User(email="sydney")) for _ in range(3)])
    make_event(target=User(email="Sydney"))
    assert list(AuditWord.objects.filter(word="SYDNEY").values_list("word", flat=True)) == ["SYDNEY"]


@pytest.mark.django_db(transaction=True)
def test_who_writes_the_same_new_word_at_once_does_not_wait(another: BaseDatabaseWrapper) -> None:
    with transaction.atomic(), another.cursor() as cursor:
        make_event(target=User(email="sydney"))
        cursor.execute(WRITE, ["sydney"])
    assert found("sydney") == ["sydney", "sydney"]


@pytest.mark.django_db(transaction=True)
def test_a_word_is_forgotten_with_the_last_event_that_had_it() -> None:
    make_event(target=User(email="melbourne"))
    seal_events()
    assert remove_events(before=timezone.now() + timedelta(days=1)) == 1
    assert words_with("melbourne") == []
    assert words_with("system") == ["SYSTEM"]  # the removal is an event


@pytest.mark.django_db(transaction=True)
def test_no_word_is_forgotten_while_somebody_writes_an_event(another: BaseDatabaseWrapper) -> None:
    """Of that word, perhaps: the writer saw it there and did not add it."""
    AuditWord.objects.create(word="SYDNEY")
    another.set_autocommit(False)
    with another.cursor() as cursor:
        cursor.execute(WRITE, ["sydney"])
        assert forget_unused_words() == 0
        another.commit()
    assert found("sydney") == ["sydney"]
    AuditWord.objects.create(word="MELBOURNE")
    assert forget_unused_words() == 1
