"""The end of a deletion meets whoever closes its provider, moves its organization or asks for other work."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from audit.services import SYSTEM
from environments.errors import RefusedError
from environments.models import Environment
from environments.services import delete_environment, start_environment, working
from environments.services.organizations import delete_organization
from environments.services.working import run_environment_operation
from organizations.models import Organization
from providers.choices import Access
from providers.models import AllowlistEntry
from providers.services.allowlist import change_allowlist
from tests.factories import make_environment, make_provider
from tests.people import make_organization

pytestmark = pytest.mark.django_db(transaction=True)
MEANWHILE = 0.4  # seconds for which the cluster, or the end of the work, takes its time


@pytest.fixture
def organization() -> Organization:
    return make_organization()


@pytest.fixture
def environment(organization: Organization) -> Environment:
    make_provider(name="home", organizations=[organization])
    return make_environment(make_provider(name="sydney", organizations=[organization]), organization=organization)


def deleting(environment: Environment, begun: threading.Event, meanwhile: Callable[[], object]) -> None:
    """Delete it by a worker in a thread of its own; `meanwhile` runs once `begun` is set."""
    operation = delete_environment(actor=SYSTEM, environment=environment)

    def work() -> None:
        run_environment_operation(operation.pk)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert begun.wait(10)
        meanwhile()
    finally:
        thread.join()


@pytest.fixture
def slow_cluster(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    begun = threading.Event()

    async def delete(target: Any, name: str) -> list[str]:
        begun.set()
        time.sleep(MEANWHILE)
        return []

    monkeypatch.setattr(working.cluster, "delete_environment", delete)
    return begun


@pytest.fixture
def slow_end(monkeypatch: pytest.MonkeyPatch, slow_cluster: threading.Event) -> threading.Event:
    """Set when the row has been deleted, in a transaction that stays open for a while."""
    ending, drop = threading.Event(), working.drop_if_empty

    def slowly(*pair: Any) -> bool:
        dropped = drop(*pair)
        ending.set()
        time.sleep(MEANWHILE)
        return dropped

    monkeypatch.setattr(working, "drop_if_empty", slowly)
    return ending


def test_a_closing_that_meets_the_last_deletion_ends_with_it(
    environment: Environment, organization: Organization, slow_end: threading.Event
) -> None:
    pair = (environment.provider_id, organization.pk)
    deleting(environment, slow_end, lambda: change_allowlist(actor=SYSTEM, wishes={pair: Access.CLOSING}))
    assert not AllowlistEntry.objects.filter(closing=True).exists()


def test_an_organization_that_is_deleted_meanwhile_leaves_no_closing_entry(
    environment: Environment, organization: Organization, slow_cluster: threading.Event
) -> None:
    make_provider(name="built-in", organizations=[make_organization(is_default=True)])
    deleting(environment, slow_cluster, lambda: delete_organization(actor=SYSTEM, organization=organization))
    assert not Environment.objects.exists()
    assert not AllowlistEntry.objects.filter(closing=True).exists()


def test_who_asks_for_work_at_the_end_is_refused_and_not_broken(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, slow_cluster: threading.Event
) -> None:
    """The end and the request lock the same two things: in the other order one of them would be killed."""
    ending, record = threading.Event(), working.record

    def slowly(**event: Any) -> Any:
        ending.set()
        time.sleep(MEANWHILE)
        return record(**event)

    def ask() -> None:
        with pytest.raises(RefusedError):
            start_environment(actor=SYSTEM, environment=environment)

    monkeypatch.setattr(working, "record", slowly)
    Environment.objects.update(status="off")
    deleting(environment, ending, ask)
    assert not Environment.objects.exists()
