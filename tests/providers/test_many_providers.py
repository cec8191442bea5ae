"""Two hundred providers, twenty of them dead: the page costs what it cost with few, and no live one waits."""

import gc
import itertools
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coderadmin.embedded.sandbox.process import SandboxProcess
from organizations.models import User
from providers.models import ClusterCredential, WorkspaceProvider
from providers.services.checking import check_promptly, check_providers
from tests.factories import make_provider
from tests.people import signed_in
from tests.providers.claims import claim_due_providers
from tests.providers.clusters import soon, target_in

LIST = "/manage/admin/workspace-providers/"
_numbers = itertools.count(1)


class Silence(socketserver.BaseRequestHandler):
    """Takes everything and says nothing until the client gives up."""

    def handle(self) -> None:
        while self.request.recv(4096):
            pass


class SilentServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64  # all may come at the same time


@pytest.fixture
def silent_address() -> Iterator[str]:
    with SilentServer(("127.0.0.1", 0), Silence) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def refusing_address() -> Iterator[str]:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"https://127.0.0.1:{reserved.getsockname()[1]}"


@pytest.fixture
def live(sandbox: SandboxProcess) -> Callable[[int], set[UUID]]:
    """Makes providers on a sandbox cluster that answers (that their namespaces are missing is an answer)."""
    target = target_in(sandbox.kubeconfig("one"), "unused")

    def make(count: int) -> set[UUID]:
        return due(count, target.address, token=target.token, ca_pem=target.ca_pem)

    return make


def due(count: int, address: str, *, token: str = "", ca_pem: str = "", **fields: Any) -> set[UUID]:
    """Ids of new providers at `address`, each in a namespace of its own and due after those made before."""
    made = set()
    for number in itertools.islice(_numbers, count):
        moment = timezone.now() - timedelta(minutes=1)
        values = {"cluster_address": address, "namespace": f"many-{number}", "next_check_at": moment} | fields
        provider = make_provider(credential=False, **values)
        ClusterCredential.objects.create(provider=provider, token=token, ca_pem=ca_pem)
        made.add(provider.pk)
    return made


def queries_of(request: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert request().status_code == 200
    return len(captured)


def checked_in_order(batches: list[list[UUID]], settings: Any) -> list[UUID]:
    """One worker thread checks these batches; the ids come back in the order in which outcomes were stored."""
    soon(settings, CHECK_INTERVAL=0)  # so that the next check is planned for the very moment of storing
    for batch in batches:
        check_providers(batch)
    return list(WorkspaceProvider.objects.order_by("next_check_at").values_list("pk", flat=True))


@pytest.mark.parametrize("query", [{}, {"q": "provider"}, {"status": "ready"}, {"sort": "since"}])
def test_the_list_takes_as_many_queries_for_two_hundred_as_for_twenty(
    site_manager: User, query: dict[str, str]
) -> None:
    browser = signed_in(site_manager)
    for _ in range(20):
        make_provider()
    few = queries_of(lambda: browser.get(LIST, query))
    for number in range(180):
        make_provider(status="error" if number < 20 else "ready")
    assert queries_of(lambda: browser.get(LIST, query)) == few


@pytest.mark.django_db(transaction=True)
class TestChecks:
    def test_two_hundred_due_ones_are_claimed_once_each_and_those_that_are_down_apart(self) -> None:
        quiet = "https://203.0.113.9:6443"
        down, others = set(), set()
        for _ in range(20):
            down |= due(1, quiet, failed_checks=3)
            others |= due(8, quiet) | due(1, quiet, failed_checks=1)
        WorkspaceProvider.objects.filter(pk__in=others).update(next_check_at=timezone.now())
        batches = claim_due_providers()
        assert sorted(pk for batch in batches for pk in batch) == sorted(down | others)
        assert set(batches[-1]) == down
        assert claim_due_providers() == []

    def test_those_that_are_down_are_claimed_together_a_few_times_in_an_interval(self, settings: Any) -> None:
        """Each of their batches occupies a thread until the time-out: one of every sweep would occupy all threads."""
        settings.CHECK_INTERVAL = timedelta(seconds=30)
        now, quiet = timezone.now(), "https://203.0.113.9:6443"
        down = due(60, quiet, failed_checks=2, next_check_at=now - timedelta(seconds=2))
        assert claim_due_providers() == []
        down |= due(1, quiet, failed_checks=9, next_check_at=now - timedelta(seconds=6))
        (batch,) = claim_due_providers()
        assert set(batch) == down

    def test_in_one_batch_live_ones_are_stored_before_silent_ones(
        self, live: Callable[[int], set[UUID]], silent_address: str, refusing_address: str, settings: Any
    ) -> None:
        silent, refused, answering = due(10, silent_address), due(10, refusing_address), live(5)
        (batch,) = claim_due_providers()
        order = checked_in_order([batch], settings)
        assert set(order[-10:]) == silent
        assert set(order[:15]) == refused | answering
        assert reasons_of(silent) <= {"connect_timeout", "read_timeout"}
        assert reasons_of(refused) == {"connection_refused"}
        assert reasons_of(answering) == {"namespace_missing"}

    def test_no_live_one_waits_for_a_thread_that_silent_ones_occupy(
        self, live: Callable[[int], set[UUID]], silent_address: str, settings: Any
    ) -> None:
        soon(settings, CHECK_TIMEOUT=2)
        silent = due(10, silent_address, failed_checks=3)
        answering = live(30)
        silent |= due(10, silent_address, failed_checks=3)
        order = checked_in_order(claim_due_providers(), settings)
        assert set(order[:30]) == answering
        assert set(order[30:]) == silent

    def test_a_few_silent_ones_keep_no_thread_of_the_worker(
        self, live: Callable[[int], set[UUID]], silent_address: str, settings: Any
    ) -> None:
        soon(settings, CHECK_TIMEOUT=30)
        silent, answering = due(2, silent_address), live(8)
        check_promptly([*silent, *answering])
        assert checked() & answering
        assert not checked() & silent
        wait_for_late_checks()
        assert checked() == silent | answering

    def test_a_batch_of_which_most_is_silent_keeps_its_thread(
        self, live: Callable[[int], set[UUID]], silent_address: str, settings: Any
    ) -> None:
        """So that a worker that is slow itself takes no more than it can do."""
        soon(settings, CHECK_TIMEOUT=6)
        silent, answering = due(8, silent_address), live(2)
        check_promptly([*silent, *answering])
        assert checked() & silent
        wait_for_late_checks()
        assert checked() == silent | answering

    def test_what_was_checked_leaves_memory_before_the_garbage_collector_looks(
        self, live: Callable[[int], set[UUID]]
    ) -> None:
        """A worker has it look seldom (coderadmin.celery)."""
        answering = live(5)
        gc.collect()
        gc.disable()
        try:
            before = providers_in_memory()
            check_providers(list(answering))
            assert providers_in_memory() == before
        finally:
            gc.enable()


def wait_for_late_checks() -> None:
    for thread in threading.enumerate():
        if thread.name == "late checks":
            thread.join()


def checked() -> set[UUID]:
    """Those of `due` for which another check is planned."""
    return set(WorkspaceProvider.objects.filter(next_check_at__gt=timezone.now()).values_list("pk", flat=True))


def providers_in_memory() -> int:
    return sum(type(each) is WorkspaceProvider for each in gc.get_objects())


def reasons_of(ids: set[UUID]) -> set[str]:
    return {row.evidence["reason"] for row in WorkspaceProvider.objects.filter(pk__in=ids)}
