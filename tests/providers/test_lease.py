"""The lease of an operation: held, renewed, lost in time, and taken over."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone

from providers.choices import OperationKind, OperationState
from providers.models import Operation, WorkspaceProvider
from providers.services import leasing, stranded_operations
from providers.services.run import LeaseLostError, ProviderRun
from providers.services.running import run_operation
from tests.clusters import eventually
from tests.factories import make_operation

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_lease_is_renewed_while_the_work_goes_on(handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "RENEWAL_SECONDS", 0.05)
    monkeypatch.setattr(leasing, "LEASE", timedelta(seconds=5))
    leases = set()

    def work(run: ProviderRun) -> None:
        for _ in range(20):
            threading.Event().wait(0.05)
            leases.add(Operation.objects.get(pk=run.operation.pk).lease_expires_at)
        assert not run.cancelled()

    handler(work)
    operation = make_operation()
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert operation.state == OperationState.SUCCEEDED, operation.error_text
    assert len(leases) > 3


def test_a_killed_workers_operation_is_taken_over_after_its_lease(handler: Any) -> None:
    handler(lambda run: None)
    operation = make_operation(
        state=OperationState.RUNNING, lease_expires_at=timezone.now() - timedelta(seconds=1), attempts=1
    )
    assert stranded_operations() == [operation.pk]
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.attempts) == (OperationState.SUCCEEDED, 2)


def test_a_held_lease_keeps_others_away(handler: Any) -> None:
    handler(lambda run: None)
    operation = make_operation(state=OperationState.RUNNING, lease_expires_at=timezone.now() + timedelta(minutes=1))
    assert stranded_operations() == []
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert operation.state == OperationState.RUNNING


def test_a_worker_that_was_replaced_does_not_write_the_end(handler: Any) -> None:
    def lose_the_lease(run: ProviderRun) -> None:
        Operation.objects.filter(pk=run.operation.pk).update(lease_id="00000000-0000-0000-0000-000000000001")

    handler(lose_the_lease)
    operation = make_operation()
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert operation.state == OperationState.RUNNING


def test_a_worker_that_was_replaced_stops_at_once_and_writes_nothing_more(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "RENEWAL_SECONDS", 0.05)
    stopped = []

    def work(run: ProviderRun) -> None:
        Operation.objects.filter(pk=run.operation.pk).update(lease_id="00000000-0000-0000-0000-000000000001")
        try:
            for _ in range(100):
                run.check_cancelled()
                threading.Event().wait(0.05)
        except LeaseLostError:
            stopped.append(run)
            run.log("This line belongs to nobody.")

    handler(work)
    operation = make_operation()
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, len(stopped), operation.lines.count()) == (OperationState.RUNNING, 1, 0)


def test_a_lease_that_can_not_be_renewed_ends_before_it_is_given_away(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "RENEWAL_SECONDS", 60.0)  # as if the database were silent
    monkeypatch.setattr(leasing, "LEASE", timedelta(seconds=1))

    def work(run: ProviderRun) -> None:
        with pytest.raises(LeaseLostError):
            while Operation.objects.filter(pk=run.operation.pk, lease_expires_at__gt=Now()).exists():
                run.check_cancelled()
                threading.Event().wait(0.02)

    handler(work)
    run_operation(make_operation().pk)


def test_a_restart_of_the_database_is_survived(handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "RENEWAL_SECONDS", 0.05)

    def work(run: ProviderRun) -> None:
        run.log("before")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        before = Operation.objects.get(pk=run.operation.pk).lease_expires_at
        assert eventually(lambda: Operation.objects.get(pk=run.operation.pk).lease_expires_at > before)
        run.log("after")

    handler(work)
    operation = make_operation()
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert operation.state == OperationState.SUCCEEDED, operation.error_text


def test_work_that_loses_the_database_is_left_to_be_taken_over(handler: Any) -> None:
    def lose_it(run: ProviderRun) -> None:
        raise OperationalError("the connection is closed")

    handler(lose_it)
    operation = make_operation()
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert operation.state == OperationState.RUNNING


def test_the_lease_goes_by_the_clock_of_the_database(handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) - timedelta(hours=1))  # a worker that is late
    taken_over = []

    def work(run: ProviderRun) -> None:
        taken_over.extend(stranded_operations())

    handler(work)
    run_operation(make_operation().pk)
    assert taken_over == []


def test_a_delete_whose_worker_was_lost_after_the_last_step_has_succeeded() -> None:
    operation = make_operation(
        kind=OperationKind.DELETE,
        state=OperationState.RUNNING,
        lease_expires_at=timezone.now() - timedelta(seconds=1),
        attempts=1,
    )
    WorkspaceProvider.objects.all().delete()
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert operation.state == OperationState.SUCCEEDED


def test_it_gives_up_after_the_third_lost_worker(handler: Any) -> None:
    handler(lambda run: None)
    operation = make_operation(
        kind=OperationKind.PREFLIGHT,
        state=OperationState.RUNNING,
        lease_expires_at=timezone.now() - timedelta(seconds=1),
        attempts=3,
    )
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.error_code) == (OperationState.FAILED, "worker_lost")
