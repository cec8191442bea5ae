"""What is written of a check: little when nothing is new, by the rule when somebody else was faster."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.services import Actor
from organizations.models import User
from providers.models import WorkspaceProvider
from providers.querysets import CLAIM_DUE, LOOKS_FOR_LOST, RETURN_LOST
from providers.services import update_provider
from providers.services.checking import GATHERINGS, GRACE
from providers.services.storing import CONFIRMED_AFTER, DOWN_AFTER, store_all, store_evidence
from tests.factories import make_provider
from tests.providers.claims import claim_due_providers
from tests.providers.test_checking import evidence, refused


def checked_before(count: int = 1, **fields: Any) -> list[WorkspaceProvider]:
    """Providers of which a check has stored all that it found, as the next check loads them."""
    for _ in range(count):
        store_evidence(make_provider(**fields), evidence())
    return list(WorkspaceProvider.objects.with_version())


@pytest.mark.django_db
class TestNothingNew:
    def test_of_a_group_is_stored_in_one_statement_that_notes_the_moment_only(self) -> None:
        providers = checked_before(3)
        turns = {provider.pk: provider.next_check_at for provider in providers}
        with CaptureQueriesContext(connection) as captured:
            store_all([(provider, evidence(duration_ms=77)) for provider in providers])
        assert len(captured) == 1
        for old in providers:
            new = WorkspaceProvider.objects.get(pk=old.pk)
            assert (new.last_check_ms, new.failed_checks) == (77, 0)
            assert (new.next_check_at, new.evidence) == (turns[old.pk], old.evidence)

    def test_of_those_that_still_are_down_is_stored_in_one_statement_too(self, settings: Any) -> None:
        for provider in checked_before(3):
            for _ in range(2):
                store_evidence(provider, refused())
        providers = list(WorkspaceProvider.objects.with_version())
        began = timezone.now()
        with CaptureQueriesContext(connection) as captured:
            store_all([(provider, refused(duration_ms=78)) for provider in providers])
        assert len(captured) == 1
        for new in WorkspaceProvider.objects.all():
            assert (new.status, new.last_check_ms, new.failed_checks) == ("error", 78, 3)
            assert new.next_check_at >= began + DOWN_AFTER * settings.CHECK_INTERVAL

    def test_to_the_verbs_not_asked_this_time_stays_what_was_answered(self) -> None:
        provider = make_provider()
        store_evidence(provider, evidence(denied=(), storage_classes=("fast",)))
        (loaded,) = WorkspaceProvider.objects.with_version()
        with CaptureQueriesContext(connection) as captured:
            store_all([(loaded, evidence())])
        assert len(captured) == 1
        assert WorkspaceProvider.objects.get().evidence["denied"] == []


@pytest.mark.django_db
class TestSomebodyWasFaster:
    def test_with_a_failure_the_rule_counts_from_there(self) -> None:
        (provider,) = checked_before()
        store_evidence(WorkspaceProvider.objects.get(), refused())
        store_all([(provider, refused())])
        assert WorkspaceProvider.objects.get().status == "error", "the second in a row"

    def test_with_an_edit_the_evidence_is_dropped(self, site_manager: User) -> None:
        (provider,) = checked_before()
        changes = {"namespace": "elsewhere"}
        current = WorkspaceProvider.objects.get()
        update_provider(actor=Actor(user=site_manager), provider=current, revision=1, changes=changes)
        before = WorkspaceProvider.objects.get()
        store_all([(provider, evidence(duration_ms=99))])
        assert WorkspaceProvider.objects.get().last_check_ms == before.last_check_ms


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_delays_only_itself() -> None:
    held, free = checked_before(2)
    stored = threading.Thread(target=in_a_thread, args=[[(held, evidence(duration_ms=7)), (free, evidence())]])
    with transaction.atomic():
        WorkspaceProvider.objects.select_for_update().get(pk=held.pk)
        moment = WorkspaceProvider.objects.get(pk=free.pk).last_check_at
        stored.start()
        while WorkspaceProvider.objects.get(pk=free.pk).last_check_at == moment:
            stored.join(0.01)
        assert stored.is_alive()
    stored.join()
    assert WorkspaceProvider.objects.get(pk=held.pk).last_check_ms == 7


def in_a_thread(found: Any) -> None:
    store_all(found)
    connection.close()


@pytest.mark.django_db
class TestTurns:
    def test_what_a_lost_worker_had_claimed_is_claimed_by_others_within_one_interval(self, settings: Any) -> None:
        provider = make_provider(next_check_at=timezone.now() - timedelta(seconds=1))
        assert claim_due_providers() == [[provider.pk]]
        assert claim_due_providers() == []
        again = WorkspaceProvider.objects.claim_due(
            now=timezone.now() + settings.CHECK_INTERVAL, interval=settings.CHECK_INTERVAL, limit=9, down=False
        )
        assert again == [provider.pk]

    def test_what_a_lost_worker_had_claimed_is_due_again_when_its_lease_has_ended(self, settings: Any) -> None:
        lease, before = settings.CHECK_TIMEOUT + GRACE, timezone.now() - timedelta(minutes=1)
        lost, checked = (make_provider(next_check_at=timezone.now(), last_check_at=before) for _ in range(2))
        claim_due_providers()
        store_evidence(checked, evidence())

        def returned(**later: float) -> int:
            now = timezone.now() + timedelta(**later)
            return WorkspaceProvider.objects.return_lost(now=now, interval=settings.CHECK_INTERVAL, lease=lease)

        assert returned(seconds=lease.total_seconds() - 1) == 0, "it may still be checking"
        assert returned(seconds=lease.total_seconds() + 2) == 1
        assert returned(seconds=lease.total_seconds() + 2) == 0, "once"
        due = WorkspaceProvider.objects.get(next_check_at__lt=timezone.now() + lease + timedelta(seconds=2))
        assert due.pk == lost.pk

    def test_the_sweep_gives_it_to_others(self, settings: Any) -> None:
        lease, now = settings.CHECK_TIMEOUT + GRACE, timezone.now()
        claimed = now - lease - timedelta(seconds=1)
        provider = make_provider(
            check_claimed_at=claimed,
            next_check_at=claimed + settings.CHECK_INTERVAL,
            last_check_at=claimed - settings.CHECK_INTERVAL,
        )
        assert claim_due_providers() == [[provider.pk]]

    def test_a_slow_worker_is_not_given_its_work_twice(self, settings: Any) -> None:
        """What is claimed late may be under way for long: all workers are behind then."""
        lease, now = settings.CHECK_TIMEOUT + GRACE, timezone.now()
        for _ in range(20):
            make_provider(next_check_at=now - timedelta(seconds=20), last_check_at=now - timedelta(minutes=1))
        claim_due_providers()
        for seconds in range(15):
            later = timezone.now() + lease + timedelta(seconds=seconds)
            again = {"now": later, "interval": settings.CHECK_INTERVAL, "lease": lease}
            assert WorkspaceProvider.objects.return_lost(**again) == 0

    def test_what_is_due_again_stays_due(self, settings: Any) -> None:
        """Those that are down gather for a while, which would never pass if each sweep began it anew."""
        lease, now = timedelta(seconds=15), timezone.now()
        claimed = now - lease
        make_provider(check_claimed_at=claimed, next_check_at=now + timedelta(seconds=1), last_check_at=claimed - lease)
        interval = lease + timedelta(seconds=1)
        assert WorkspaceProvider.objects.return_lost(now=now, interval=interval, lease=lease) == 1
        later = now + timedelta(seconds=1)
        assert WorkspaceProvider.objects.return_lost(now=later, interval=interval, lease=lease) == 0
        assert WorkspaceProvider.objects.get().next_check_at == now

    def test_there_is_no_lease_where_the_next_turn_comes_before_its_end(self, settings: Any) -> None:
        now, lease = timezone.now(), settings.CHECK_TIMEOUT + GRACE
        make_provider(next_check_at=now, check_claimed_at=now - lease, last_check_at=now - lease - lease)
        assert WorkspaceProvider.objects.return_lost(now=now, interval=lease, lease=lease) == 0

    def test_silence_is_shown_within_two_intervals_and_its_end_within_one(self, settings: Any) -> None:
        """At the worst: a cluster falls silent just after a check, and recovers just after one has begun."""
        interval, timeout, sweep = settings.CHECK_INTERVAL, settings.CHECK_TIMEOUT, timedelta(seconds=1)
        assert interval + sweep + timeout + CONFIRMED_AFTER * interval + sweep + timeout <= 2 * interval
        assert timeout + DOWN_AFTER * interval + interval / GATHERINGS + sweep <= interval

    def test_those_that_were_late_come_spread_and_not_again_at_once(self, settings: Any) -> None:
        for _ in range(40):
            make_provider(next_check_at=timezone.now() - timedelta(hours=1))
        now = timezone.now()
        claim_due_providers()
        turns = sorted(WorkspaceProvider.objects.values_list("next_check_at", flat=True))
        assert now + settings.CHECK_INTERVAL / 2 <= turns[0]
        assert turns[-1] <= timezone.now() + settings.CHECK_INTERVAL
        assert turns[-1] - turns[0] > settings.CHECK_INTERVAL / 3

    def test_who_is_in_time_keeps_the_beat_of_the_interval(self, settings: Any) -> None:
        due = timezone.now() - timedelta(milliseconds=1)
        make_provider(next_check_at=due)
        claim_due_providers()
        drift = WorkspaceProvider.objects.get().next_check_at - (due + settings.CHECK_INTERVAL)
        assert timedelta() <= drift < settings.CHECK_INTERVAL / 2

    @pytest.mark.parametrize("statement", [CLAIM_DUE, RETURN_LOST])
    def test_claims_go_by_an_index_and_not_through_all_providers(self, statement: str) -> None:
        now, interval = timezone.now(), timedelta(seconds=30)
        model = make_provider(next_check_at=now)
        rows = [
            WorkspaceProvider(
                name=f"many-{n}",
                hostname=f"https://many-{n}.example.com",
                cluster_address=f"https://many-{n}.example.com:6443",
                namespace="coder",
                credential_kind=model.credential_kind,
                next_check_at=now + (n + 1) / 2000 * interval,
                check_claimed_at=now - interval,
                last_check_at=now,
            )
            for n in range(2000)
        ]
        WorkspaceProvider.objects.bulk_create(rows)
        lease = timedelta(seconds=15)
        values: dict[str, Any] = {
            "now": now,
            "interval": interval,
            "limit": 50,
            "down": False,
            "failures": 2,
            "lease": lease,
            "last_turn": now + lease,
            "looks": LOOKS_FOR_LOST,
        }
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE providers_workspaceprovider")
            cursor.execute(f"EXPLAIN {statement}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "provider_due" in plan
        assert "Seq Scan" not in plan, plan
