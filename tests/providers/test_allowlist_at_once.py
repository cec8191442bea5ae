"""Two people who change allowlists at the same moment, with real transactions.

Whoever is about to store waits for the other one to come as far: with the locks nobody does, and the second reads
what the first stored. The last test takes the locks away and shows that both pass then.
"""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from audit.services import SYSTEM
from environments.models import Environment
from environments.services import Plan, create_environment
from organizations.models import Organization
from providers.choices import Access
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.services import allowlist, change_allowlist, request_delete
from tests.factories import make_environment, make_organization, make_provider, make_user
from tests.organizations.threads import at_once
from tests.people import add_member

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 0.7  # seconds; how long the first waits for a second who is locked out


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both decide before either stores, if nothing keeps them apart."""
    both = threading.Barrier(2)
    store = allowlist._store

    def wait_and_store(changes: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            both.wait(PATIENCE)
        store(changes)

    monkeypatch.setattr(allowlist, "_store", wait_and_store)


@pytest.fixture
def platform() -> Organization:
    return make_organization(name="Platform")


@pytest.fixture
def providers(platform: Organization) -> list[WorkspaceProvider]:
    return [make_provider(name=name, organizations=[platform]) for name in ("sydney", "tokyo")]


def changing(provider: WorkspaceProvider, organization: Organization, new: Access) -> Callable[[], object]:
    return lambda: change_allowlist(actor=SYSTEM, wishes={(provider.pk, organization.pk): new})


def creating(provider: WorkspaceProvider, organization: Organization) -> Callable[[], object]:
    owner = make_user()
    add_member(organization, owner)
    plan = Plan(name="api", image="codercom/enterprise-base")
    return lambda: create_environment(
        actor=SYSTEM, owner=owner, organization=organization, provider=provider, plan=plan
    )


def test_of_two_who_take_the_last_two_providers_one_is_refused(
    meet: None, platform: Organization, providers: list[WorkspaceProvider]
) -> None:
    refusals = at_once(*(changing(provider, platform, Access.NONE) for provider in providers))
    assert [refusal.message for refusal in refusals] == ["Platform would be left without a provider."]
    assert AllowlistEntry.objects.filter(organization=platform, closing=False).count() == 1


@pytest.mark.parametrize("new", [Access.NONE, Access.CLOSING])
def test_a_change_and_a_creation_exclude_each_other(
    meet: None, platform: Organization, providers: list[WorkspaceProvider], new: Access
) -> None:
    sydney = providers[0]
    refusals = at_once(changing(sydney, platform, new), creating(sydney, platform))
    environments = Environment.objects.filter(provider=sydney).count()
    entry = AllowlistEntry.objects.filter(provider=sydney, organization=platform).first()
    if environments and new == Access.CLOSING:  # first created, then closed
        assert (entry is not None and entry.closing, len(refusals)) == (True, 0)
    else:  # one of them came too late
        assert (entry is not None, len(refusals)) == (bool(environments), 1)


def test_a_deletion_waits_for_a_removal_that_is_decided(
    platform: Organization, providers: list[WorkspaceProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    sydney, tokyo = providers
    decided, store = threading.Event(), allowlist._store

    def store_late(changes: Any) -> None:
        decided.set()
        time.sleep(PATIENCE)
        store(changes)

    def delete() -> None:
        decided.wait()
        request_delete(actor=SYSTEM, provider=tokyo)

    monkeypatch.setattr(allowlist, "_store", store_late)
    refusals = at_once(changing(sydney, platform, Access.NONE), delete)
    assert [refusal.message for refusal in refusals] == [
        "Without tokyo these organizations would have no provider: Platform."
    ]


def test_without_the_locks_the_rule_breaks(
    meet: None, platform: Organization, providers: list[WorkspaceProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(model: Any) -> Callable[[Iterable[UUID]], dict]:
        return lambda ids: model.objects.in_bulk(list(ids))

    monkeypatch.setattr(allowlist, "locked_providers", unlocked(WorkspaceProvider))
    monkeypatch.setattr(allowlist, "locked_organizations", unlocked(Organization))
    refusals = at_once(*(changing(provider, platform, Access.NONE) for provider in providers))
    assert refusals == []
    assert not AllowlistEntry.objects.filter(organization=platform).exists()


def test_an_environment_that_came_by_another_way_is_noticed_by_the_database(
    platform: Organization, providers: list[WorkspaceProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the decision and the removal somebody moves one there: the foreign key refuses, and the rule is said."""
    sydney, store = providers[0], allowlist._store
    environment = make_environment(sydney)
    moved = Environment.objects.filter(pk=environment.pk)

    def move_and_store(changes: Any) -> None:
        at_once(lambda: moved.update(organization=platform))
        store(changes)

    monkeypatch.setattr(allowlist, "_store", move_and_store)
    refusals = at_once(changing(sydney, platform, Access.NONE))
    assert [refusal.message for refusal in refusals] == ["Platform still has one environment on sydney."]
    assert AllowlistEntry.objects.filter(provider=sydney, organization=platform).exists()
