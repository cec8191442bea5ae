"""When a provider is checked: claims, leases, turns that were missed, and those that are far ahead."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from providers.choices import CredentialKind
from providers.models import WorkspaceProvider
from providers.querysets import BRING_FORWARD, CLAIM_DUE, LOOKS_FOR_LOST, RETURN_LOST
from providers.services.checking import (
    BATCH,
    GATHERINGS,
    GRACE,
    MESSAGE_SECONDS,
    bring_turns_forward,
    due_batches,
)
from providers.services.storing import CONFIRMED_AFTER, DOWN_AFTER, store_evidence
from tests.factories import make_provider
from tests.providers.claims import claim_due_providers
from tests.providers.test_checking import evidence


def make_many(count: int, fields: Callable[[int], dict[str, Any]]) -> None:
    """Thousands in a moment: without credentials, by one statement."""
    WorkspaceProvider.objects.bulk_create(
        WorkspaceProvider(
            name=f"many-{number}",
            hostname=f"https://many-{number}.example.com",
            cluster_address=f"https://many-{number}.example.com:6443",
            namespace="coder",
            credential_kind=CredentialKind.KUBECONFIG,
            **fields(number),
        )
        for number in range(count)
    )


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

    def test_those_who_are_late_take_no_message_at_each_sweep(self) -> None:
        """Messages for them wait already: a worker that is behind would read messages instead of checking."""
        now = timezone.now()
        make_many(11 * BATCH, lambda number: {"next_check_at": now - timedelta(seconds=0 if number < BATCH else 2)})
        assert due_batches() == [False] * (1 + 10 // MESSAGE_SECONDS)

    def test_what_was_planned_far_ahead_is_brought_forward_and_spread(self, settings: Any) -> None:
        """The interval was an hour, or a clock was ahead by one."""
        now = timezone.now()
        usual = make_provider(next_check_at=now + settings.CHECK_INTERVAL)
        for _ in range(40):
            make_provider(next_check_at=now + timedelta(hours=1))
        bring_turns_forward()
        turns = sorted(WorkspaceProvider.objects.exclude(pk=usual.pk).values_list("next_check_at", flat=True))
        assert now <= turns[0] and turns[-1] <= timezone.now() + settings.CHECK_INTERVAL
        assert turns[-1] - turns[0] > settings.CHECK_INTERVAL / 2
        assert WorkspaceProvider.objects.get(pk=usual.pk).next_check_at == usual.next_check_at

    def test_a_check_that_somebody_asked_for_brings_a_turn_forward_too(self, settings: Any) -> None:
        provider = make_provider(next_check_at=timezone.now() + timedelta(hours=1))
        store_evidence(provider, evidence())
        assert WorkspaceProvider.objects.get().next_check_at <= timezone.now() + settings.CHECK_INTERVAL

    def test_who_is_in_time_keeps_the_beat_of_the_interval(self, settings: Any) -> None:
        due = timezone.now() - timedelta(milliseconds=1)
        make_provider(next_check_at=due)
        claim_due_providers()
        drift = WorkspaceProvider.objects.get().next_check_at - (due + settings.CHECK_INTERVAL)
        assert timedelta() <= drift < settings.CHECK_INTERVAL / 2

    @pytest.mark.parametrize("statement", [CLAIM_DUE, RETURN_LOST, BRING_FORWARD])
    def test_claims_go_by_an_index_and_not_through_all_providers(self, statement: str) -> None:
        now, interval = timezone.now(), timedelta(seconds=30)
        checked = {"check_claimed_at": now - interval, "last_check_at": now}
        make_many(2000, lambda number: checked | {"next_check_at": now + number / 2000 * interval})
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
