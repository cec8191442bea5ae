"""Operations: one active per provider, one truthful end each, whatever becomes of messages and workers."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from organizations.models import User
from providers.choices import CredentialKind, OperationKind, OperationState
from providers.errors import EnvironmentsExistError, OperationActiveError, RefusedError
from providers.models import Operation, WorkspaceProvider
from providers.services import (
    cancel_operation,
    leasing,
    request_delete,
    request_deploy,
    request_preflight,
    stranded_operations,
)
from providers.services.deleting import delete_provider
from providers.services.run import OperationFailedError, ProviderRun
from providers.services.running import run_operation
from tests.factories import make_built_in, make_environment, make_operation, make_provider


@pytest.fixture
def actor(site_manager: User) -> Actor:
    return Actor(user=site_manager)


def test_it_is_requested_with_an_audit_row(actor: Actor) -> None:
    operation = request_deploy(actor=actor, provider=make_provider())
    assert operation.state == OperationState.QUEUED
    event = AuditEvent.objects.get(action="provider.deploy")
    assert (event.outcome, event.actor_name) == ("requested", "manager@example.com")


def test_a_second_one_is_refused_and_told_who_is_doing_what(actor: Actor) -> None:
    provider = make_provider()
    request_deploy(actor=actor, provider=provider)
    with pytest.raises(OperationActiveError, match=r"Deploy by manager@example\.com is under way"):
        request_preflight(actor=actor, provider=provider)
    assert Operation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_once_one_gets_it(actor: Actor) -> None:
    provider = make_provider()
    barrier, outcomes = threading.Barrier(2), []

    def ask() -> None:
        barrier.wait()
        try:
            request_deploy(actor=actor, provider=provider)
            outcomes.append("asked")
        except OperationActiveError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["asked", "refused"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(5))
def test_a_deploy_and_a_delete_at_once_do_not_wait_for_each_other(round_: int, actor: Actor) -> None:
    provider = make_provider()
    barrier, outcomes = threading.Barrier(2), []

    def ask(request: Any) -> None:
        barrier.wait()
        try:
            request(actor=actor, provider=provider)
            outcomes.append("asked")
        except OperationActiveError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=[request]) for request in (request_deploy, request_delete)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["asked", "refused"]


@pytest.mark.parametrize("ask", [request_deploy, request_preflight, request_delete])
def test_an_auditor_may_not_ask(ask: Any, auditor: User) -> None:
    with pytest.raises(PermissionDenied):
        ask(actor=Actor(user=auditor), provider=make_provider())
    assert not Operation.objects.exists()


def test_without_a_credential_there_is_nothing_to_deploy_with(actor: Actor) -> None:
    provider = make_provider(credential=False, credential_kind=CredentialKind.ENROLMENT)
    with pytest.raises(RefusedError, match="has not called home yet"):
        request_deploy(actor=actor, provider=provider)


def test_built_in_is_neither_deployed_nor_deleted(actor: Actor) -> None:
    built_in = make_built_in()
    for ask in (request_deploy, request_delete):
        with pytest.raises(RefusedError, match="built-in"):
            ask(actor=actor, provider=built_in)


def test_the_default_is_not_deleted(actor: Actor) -> None:
    with pytest.raises(RefusedError, match="is the default"):
        request_delete(actor=actor, provider=make_provider(is_default=True))


def test_a_provider_with_environments_is_not_deleted_and_they_are_named(actor: Actor) -> None:
    environment = make_environment()
    with pytest.raises(EnvironmentsExistError) as refusal:
        request_delete(actor=actor, provider=environment.provider)
    assert refusal.value.names == [str(environment)]


@pytest.mark.django_db(transaction=True)
class TestRunning:
    def test_two_workers_do_it_once(self, handler: Any) -> None:
        runs = []
        handler(runs.append)
        operation = make_operation()
        run_operation(operation.pk)
        run_operation(operation.pk)
        assert len(runs) == 1

    def test_its_end_is_audited_for_the_person_who_asked(self, handler: Any, actor: Actor) -> None:
        handler(lambda run: None)
        operation = request_deploy(actor=actor, provider=make_provider())
        run_operation(operation.pk)
        end = AuditEvent.objects.get(action="provider.deploy", outcome="succeeded")
        assert end.actor_name == "manager@example.com"

    def test_an_unforeseen_error_is_a_failure_without_its_details(self, handler: Any) -> None:
        def explode(run: ProviderRun) -> None:
            raise ZeroDivisionError("secret-in-a-traceback")

        handler(explode)
        operation = make_operation()
        run_operation(operation.pk)
        operation.refresh_from_db()
        assert (operation.state, operation.error_code) == (OperationState.FAILED, "unexpected")
        assert "secret" not in operation.error_text + "".join(line.text for line in operation.lines.all())

    def test_a_failure_says_why_in_its_log(self, handler: Any) -> None:
        def fail(run: ProviderRun) -> None:
            raise OperationFailedError("timed_out", "It took too long.")

        handler(fail)
        operation = make_operation()
        run_operation(operation.pk)
        operation.refresh_from_db()
        assert (operation.state, operation.error_text) == (OperationState.FAILED, "It took too long.")
        assert operation.lines.last().text == "It took too long."

    @pytest.mark.parametrize("kind", [OperationKind.PREFLIGHT, OperationKind.DEPLOY, OperationKind.DELETE])
    def test_a_credential_that_can_not_be_read_is_told_with_its_remedy(self, kind: str, settings: Any) -> None:
        operation = make_operation(kind=kind)
        settings.ENCRYPTION_KEYS = ["another key"]
        run_operation(operation.pk)
        operation.refresh_from_db()
        assert (operation.state, operation.error_code) == (OperationState.FAILED, "credential_unreadable")
        assert "CODERADMIN_ENCRYPTION_KEYS" in operation.error_text

    def test_a_line_may_hold_whatever_a_cluster_says(self, handler: Any) -> None:
        handler(lambda run: run.log("killed\x00 by \ud800"))
        operation = make_operation()
        run_operation(operation.pk)
        assert operation.lines.get().text == "killed\ufffd by \ufffd"

    def test_a_cancel_reaches_the_worker(self, handler: Any, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leasing, "RENEWAL_SECONDS", 0.05)

        def work(run: ProviderRun) -> None:
            cancel_operation(actor=actor, operation=run.operation)
            for _ in range(100):
                run.check_cancelled()
                threading.Event().wait(0.05)

        handler(work)
        operation = make_operation()
        run_operation(operation.pk)
        operation.refresh_from_db()
        assert operation.state == OperationState.CANCELLED
        assert AuditEvent.objects.latest("id").outcome == AuditEvent.Outcome.CANCELLED

    def test_a_provider_that_is_gone_ends_it(self, handler: Any) -> None:
        handler(lambda run: None)
        operation = make_operation()
        WorkspaceProvider.objects.all().delete()
        run_operation(operation.pk)
        operation.refresh_from_db()
        assert (operation.state, operation.error_code) == (OperationState.FAILED, "provider_gone")


def test_a_lost_message_is_sent_again(db: None) -> None:
    operation = make_operation(dispatched_at=timezone.now() - timedelta(seconds=11))
    make_operation(dispatched_at=timezone.now())
    assert stranded_operations() == [operation.pk]
    assert stranded_operations() == [], "not twice within the grace time"


def test_a_queued_operation_is_cancelled_at_once_and_only_once(actor: Actor) -> None:
    operation = make_operation()
    cancel_operation(actor=actor, operation=operation)
    cancel_operation(actor=actor, operation=operation)
    operation.refresh_from_db()
    assert operation.state == OperationState.CANCELLED
    assert AuditEvent.objects.filter(action="operation.cancel.deploy").count() == 1
    run_operation(operation.pk)
    operation.refresh_from_db()
    assert operation.state == OperationState.CANCELLED


def test_environments_that_appear_in_the_meantime_stop_the_deletion(actor: Actor, db: None) -> None:
    provider = make_provider(credential=False)
    operation = request_delete(actor=actor, provider=provider, leave_release=True)
    make_environment(provider)
    with pytest.raises(OperationFailedError, match="still has environments"):
        delete_provider(ProviderRun(operation=operation, cancelled=lambda: False))
    assert WorkspaceProvider.objects.filter(pk=provider.pk).exists()
