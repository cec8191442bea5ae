"""The hash chain: whatever is changed, removed or put in behind the program's back is found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from audit.chain import ChainBrokenError, seal_events, verify
from audit.models import AuditChain, AuditEvent, AuditSeal
from audit.retention import remove_events
from coderadmin import cli
from tests.audit.events import make_event, without_guards
from tests.organizations.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

Events = list[AuditEvent]


@pytest.fixture
def events() -> Events:
    """Six, which are sealed."""
    made = [make_event(after={"number": number, "name": "Zoë"}) for number in range(6)]
    assert seal_events() == 6
    return made


def run_verify(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["audit", "verify", *arguments])


def sql(text: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def test_a_log_that_nobody_touched_fits(events: Events) -> None:
    result = run_verify()
    assert result.exit_code == 0, result.output
    assert f"6 events are as they were sealed; the newest seal is {AuditSeal.objects.get(number=6)}" in result.output


def test_a_log_of_many_batches_fits(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.chain.BATCH", 2)
    assert verify().events == 6


def test_an_empty_log_fits(transactional_db: None) -> None:
    assert verify().events == 0


COLUMNS = {
    "at": "at + interval '1 microsecond'",
    "actor_id": "gen_random_uuid()",
    "actor_name": "'somebody.else@example.com'",
    "token_name": "'another token'",
    "address": "'203.0.113.1'",
    "action": "'user.delete'",
    "target_type": "'organization'",
    "target_id": "'1'",
    "target_name": "'x'",
    "organization_id": "'1'",
    "before": """'{"a": 1}'""",
    "after": """'{"number": 2}'""",
    "outcome": "'denied'",
}


def test_the_columns_below_are_all_that_can_be_changed() -> None:
    fields = AuditEvent._meta.concrete_fields
    assert {field.column for field in fields if not field.generated and not field.primary_key} == set(COLUMNS)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_row_is_named(column: str, events: Events) -> None:
    with without_guards():
        sql(f"UPDATE audit_auditevent SET {column} = {COLUMNS[column]} WHERE id = %s", events[2].pk)  # noqa: S608 - of this file
    result = run_verify()
    assert result.exit_code == 1
    assert f"Event {events[2].pk} was changed" in result.output


def remove(*events: AuditEvent) -> None:
    AuditEvent.objects.filter(pk__in=[event.pk for event in events]).delete()


def remove_with_seals(*events: AuditEvent) -> None:
    AuditSeal.objects.filter(event__in=events).delete()
    remove(*events)


def exchange_seals(one: AuditEvent, other: AuditEvent) -> None:
    seal_of_one = AuditSeal.objects.get(event=one)
    AuditSeal.objects.filter(pk=seal_of_one.pk).update(event=None)
    AuditSeal.objects.filter(event=other).update(event=one)
    AuditSeal.objects.filter(pk=seal_of_one.pk).update(event=other)


TAMPERING: dict[str, tuple[Callable[[Events], Any], Callable[[Events], str]]] = {
    "from the middle": (lambda rows: remove(rows[2]), lambda rows: f"Event {rows[2].pk} was removed"),
    "from the end": (lambda rows: remove(rows[5]), lambda rows: f"Event {rows[5].pk} was removed"),
    "from the beginning": (lambda rows: remove(rows[0]), lambda rows: f"Event {rows[0].pk} was removed"),
    "with its seal": (
        lambda rows: remove_with_seals(rows[2]),
        lambda rows: f"Seal 3 is missing; the next one there is of event {rows[3].pk}",
    ),
    "from the end with seals": (
        lambda rows: remove_with_seals(*rows[4:]),
        lambda _: "The chain ends with seal 4, but the newest one was 6",
    ),
    "all with seals": (
        lambda rows: remove_with_seals(*rows),
        lambda _: "The chain ends with seal 0, but the newest one was 6",
    ),
    "two changed places": (
        lambda rows: exchange_seals(rows[1], rows[2]),
        lambda rows: f"Event {rows[2].pk} was changed",
    ),
    "the newest seal set back": (
        lambda _: AuditChain.objects.update(newest_number=5),
        lambda rows: "The chain ends with seal 6, but the newest one was 5",
    ),
    "the beginning moved": (
        lambda _: AuditChain.objects.update(removed_number=1),
        lambda rows: f"Seal 2 is missing; the next one there is of event {rows[0].pk}",
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_what_was_tampered_with_is_found(name: str, events: Events) -> None:
    tamper, message = TAMPERING[name]
    expected = message(events)
    with without_guards():
        tamper(events)
    result = run_verify()
    assert (result.exit_code, expected in result.output) == (1, True), result.output


def test_a_chain_that_was_forged_as_a_whole_is_found_by_a_seal_that_was_kept_elsewhere(events: Events) -> None:
    kept = str(AuditSeal.objects.get(number=5))
    with without_guards():
        sql("UPDATE audit_auditevent SET actor_name = 'nobody' WHERE id = %s", events[2].pk)
        AuditSeal.objects.all().delete()
        AuditChain.objects.all().delete()
        seal_events()
    assert run_verify().exit_code == 0
    result = run_verify("--seal", kept)
    assert result.exit_code == 1
    assert f"event {events[4].pk}" in result.output


@pytest.mark.parametrize("seal", ["7:00", "nonsense", "5", "99999999999999999999:00"])
def test_a_seal_that_is_not_there_is_no_proof(seal: str, events: Events) -> None:
    assert run_verify("--seal", seal).exit_code == 1
    assert run_verify("--seal", str(AuditSeal.objects.get(number=5))).exit_code == 0


def test_an_event_that_was_put_in_with_an_older_time_gets_no_seal(events: Events) -> None:
    forged = make_event()
    with without_guards():
        sql("UPDATE audit_auditevent SET at = at - interval '2 hours' WHERE id = %s", forged.pk)
    assert seal_events() == 0
    assert f"Event {forged.pk} was put in after its time" in run_verify().output


def test_an_event_that_commits_after_a_later_one_is_sealed_after_it(events: Events) -> None:
    late = make_event()
    with without_guards():
        sql("UPDATE audit_auditevent SET id = id + 5 WHERE id = %s", late.pk)
    make_event()
    assert seal_events() == 2
    with without_guards():
        sql("UPDATE audit_auditevent SET id = %s WHERE id = %s", events[0].pk - 1, make_event().pk)
    assert seal_events() == 1
    assert verify().events == 9


def test_what_is_not_sealed_yet_is_counted_and_too_late_is_a_failure(events: Events) -> None:
    make_event()
    assert (verify().unsealed, run_verify().exit_code) == (1, 0)
    with without_guards():
        sql("UPDATE audit_auditevent SET at = at - interval '6 minutes' WHERE id > %s", events[5].pk)
    result = run_verify()
    assert (result.exit_code, "do worker and beat run?" in result.output) == (1, True)


def test_two_that_seal_at_once_seal_each_event_once(transactional_db: None) -> None:
    for _ in range(20):
        make_event()
    at_once(*[seal_events] * 4)
    assert AuditSeal.objects.count() == 20
    assert verify().events == 20


def test_an_event_that_is_rolled_back_leaves_no_hole(events: Events) -> None:
    with transaction.atomic():
        make_event()
        transaction.set_rollback(True)
    make_event()
    seal_events()
    assert verify().events == 7


class TestRetention:
    @pytest.fixture
    def aged(self, events: Events) -> Events:
        """The first four are three days old and were sealed then."""
        with without_guards():
            AuditSeal.objects.all().delete()
            AuditChain.objects.all().delete()
            old = [event.pk for event in events[:4]]
            AuditEvent.objects.filter(pk__in=old).update(at=timezone.now() - timedelta(days=3))
        seal_events()
        return events

    def test_the_oldest_go_and_the_rest_still_fits(self, aged: Events) -> None:
        kept = str(AuditSeal.objects.get(number=4))
        assert remove_events(before=timezone.now() - timedelta(days=2)) == 4
        assert set(AuditEvent.objects.exclude(action="audit.remove")) == set(aged[4:])
        seal_events()
        result = run_verify("--seal", kept)
        assert result.exit_code == 0, result.output
        assert "4 older ones were removed by retention" in result.output

    def test_it_is_in_the_log_itself(self, aged: Events) -> None:
        kept = str(AuditSeal.objects.get(number=4))
        remove_events(before=timezone.now() - timedelta(days=2))
        event = AuditEvent.objects.get(action="audit.remove")
        assert (event.actor_name, event.after) == ("system", {"events": 4, "up_to_seal": kept})

    def test_repeated_it_removes_nothing_more_and_writes_nothing(self, aged: Events) -> None:
        for _ in range(2):
            remove_events(before=timezone.now() - timedelta(days=2))
        assert AuditEvent.objects.filter(action="audit.remove").count() == 1

    def test_what_is_not_sealed_stays(self, events: Events) -> None:
        unsealed = make_event()
        assert remove_events(before=timezone.now() + timedelta(days=1)) == 6
        assert AuditEvent.objects.filter(pk=unsealed.pk).exists()

    def test_a_batch_after_the_other(self, events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("audit.retention.BATCH", 4)
        assert remove_events(before=timezone.now()) == 6
        seal_events()
        assert verify().removed == 6

    @pytest.mark.parametrize(("days", "left"), [(0, 6), (1, 2), (30, 6)])
    def test_the_setting_decides(self, days: int, left: int, aged: Events, settings: Any) -> None:
        from audit.tasks import remove_old_events

        settings.AUDIT_RETENTION_DAYS = days
        remove_old_events()
        assert AuditEvent.objects.filter(action="user.create").count() == left


def test_verify_names_the_first_of_several(events: Events) -> None:
    with without_guards():
        sql("UPDATE audit_auditevent SET actor_name = 'x' WHERE id IN (%s, %s)", events[4].pk, events[1].pk)
    with pytest.raises(ChainBrokenError, match=f"Event {events[1].pk} "):
        verify()


def test_a_seal_that_is_said_to_be_removed_is_no_proof(events: Events) -> None:
    kept = str(AuditSeal.objects.get(number=5))
    with without_guards():
        AuditSeal.objects.all().delete()
        AuditEvent.objects.all().delete()
        AuditChain.objects.update(removed_number=F("newest_number"), removed_digest=F("newest_digest"))
    result = run_verify("--seal", kept)
    assert (result.exit_code, "can't be compared" in result.output) == (1, True)
