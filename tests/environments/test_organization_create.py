"""Creating an organization: the verb, its page, and two who do it at once."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor
from environments.services.organizations import create_organization
from organizations.choices import OrganizationRole
from organizations.models import Organization, User
from tests.factories import make_built_in, make_provider
from tests.organizations.threads import at_once
from tests.people import add_member, make_organization, signed_in

pytestmark = pytest.mark.django_db
NEW = "/manage/organizations/new/"


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def create(**fields: Any) -> Organization:
    default = fields.pop("is_default", False)
    return create_organization(actor=SYSTEM, fields={"name": "Platform"} | fields, is_default=default)


def test_it_may_use_built_in_at_once_and_nothing_else(client: Client, site_manager: User) -> None:
    built_in = make_built_in()
    make_provider()
    response = client.post(NEW, {"name": " Platform ", "description": "Runs it.", "quota_cpu_cores": "1.5"})
    organization = Organization.objects.get(name="Platform")
    assert response["Location"] == f"/manage/organizations/{organization.pk}/"
    entry = organization.allowlist.get()
    assert (entry.provider, entry.closing) == (built_in, False)
    event = AuditEvent.objects.get(action="organization.create")
    assert (event.actor, event.target_id) == (site_manager, str(organization.pk))
    assert event.after["providers"] == ["built-in"]
    assert (event.after["quota_cpu_cores"], event.after["is_default"]) == ("1.5", False)


def test_it_becomes_the_default_if_that_is_wanted(client: Client) -> None:
    old = make_organization(is_default=True)
    client.post(NEW, {"name": "Platform", "is_default": "on"})
    old.refresh_from_db()
    assert not old.is_default
    assert Organization.objects.get(is_default=True).name == "Platform"


def test_its_own_managers_auditors_and_members_may_not(member: User, auditor: User) -> None:
    add_member(make_organization(), member, OrganizationRole.MANAGER)
    for person in (member, auditor):
        with pytest.raises(PermissionDenied):
            create_organization(actor=Actor(user=person), fields={"name": "Platform"})


@pytest.mark.django_db(transaction=True)
def test_of_two_with_one_name_the_second_reads_why_not_and_leaves_nothing() -> None:
    make_built_in()
    errors: list[ValidationError] = []

    def make(name: str) -> None:
        try:
            create(name=name)
        except ValidationError as error:
            errors.append(error)

    at_once(*[lambda name=name: make(name) for name in ("Platform", "platform", "PLATFORM")])
    assert [error.messages for error in errors] == [["Another organization has this name."]] * 2
    assert Organization.objects.count() == AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_defaults_created_at_once_one_is_left() -> None:
    make_organization(is_default=True)
    assert not at_once(*[lambda n=n: create(name=f"team-{n}", is_default=True) for n in range(5)])
    assert Organization.objects.count() == 6
    assert Organization.objects.filter(is_default=True).count() == 1
