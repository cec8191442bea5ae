"""Leaving or deleting an organization while something new in it is not committed yet."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from audit.services import SYSTEM
from environments.models import Environment
from environments.services import Plan, create_environment
from environments.services.organizations import delete_organization
from organizations.errors import RefusedError
from organizations.models import Membership, Organization, User
from organizations.services import add_member, remove_member, set_organizations
from providers.models import WorkspaceProvider
from tests.factories import make_provider
from tests.people import add_member as join
from tests.people import make_organization, make_user

pytestmark = pytest.mark.django_db(transaction=True)
HELD = 0.4  # seconds for which the first one keeps its transaction open


def while_open(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Run `second` after `first`, whose transaction is still open at that time."""
    done = threading.Event()
    failures: list[BaseException] = []

    def hold() -> None:
        try:
            with transaction.atomic():
                first()
                done.set()
                time.sleep(HELD)
        except BaseException as failure:  # noqa: BLE001 - told by the thread of the test
            failures.append(failure)
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    done.wait()
    try:
        second()
    finally:
        thread.join()
    assert not failures


@pytest.fixture
def default() -> Organization:
    return make_organization(name="Coder", is_default=True)


@pytest.fixture
def organization(default: Organization) -> Organization:
    return make_organization(name="Platform")


@pytest.fixture
def owner(organization: Organization) -> User:
    return join(organization, make_user()).user


@pytest.fixture
def provider(organization: Organization) -> WorkspaceProvider:
    return make_provider(organizations=[organization])


@pytest.fixture
def create(owner: User, organization: Organization, provider: WorkspaceProvider) -> Callable[[], object]:
    plan = Plan(name="dev", image="codercom/enterprise-base")
    return lambda: create_environment(
        actor=SYSTEM, owner=owner, organization=organization, provider=provider, plan=plan
    )


def test_a_member_whose_environment_is_just_being_created_stays(
    create: Callable[[], object], owner: User, organization: Organization
) -> None:
    with pytest.raises(RefusedError, match="still has environments"):
        while_open(create, lambda: remove_member(actor=SYSTEM, organization=organization, user=owner))
    assert Membership.objects.filter(user=owner, organization=organization).exists()


def test_nor_does_the_page_of_the_person_take_it_out(create: Callable[[], object], owner: User) -> None:
    with pytest.raises(RefusedError, match="still has environments"):
        while_open(create, lambda: set_organizations(actor=SYSTEM, user=owner, organizations=[]))


def test_an_environment_that_is_just_being_created_moves_with_its_organization(
    create: Callable[[], object], organization: Organization, default: Organization
) -> None:
    while_open(create, lambda: delete_organization(actor=SYSTEM, organization=organization))
    assert Environment.objects.get().organization == default


def test_a_member_who_is_just_being_added_moves_with_the_organization(
    organization: Organization, default: Organization
) -> None:
    user = make_user()
    while_open(
        lambda: add_member(actor=SYSTEM, organization=organization, user=user),
        lambda: delete_organization(actor=SYSTEM, organization=organization),
    )
    assert Membership.objects.get().organization == default


def test_nobody_is_added_to_an_organization_that_is_just_being_deleted(organization: Organization) -> None:
    with pytest.raises(RefusedError, match="was deleted in the meantime"):
        while_open(
            lambda: delete_organization(actor=SYSTEM, organization=organization),
            lambda: add_member(actor=SYSTEM, organization=organization, user=make_user()),
        )


def test_a_member_who_has_just_been_removed_creates_nothing(
    create: Callable[[], object], owner: User, organization: Organization
) -> None:
    with pytest.raises(RefusedError):
        while_open(lambda: remove_member(actor=SYSTEM, organization=organization, user=owner), create)
    assert not Environment.objects.exists()
