"""Adding and removing members and changing their roles, on the pages of an organization manager."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from organizations.choices import OrganizationRole
from organizations.models import Membership, Organization, User
from tests.factories import make_environment
from tests.people import add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
MANAGER, MEMBER = OrganizationRole.MANAGER, OrganizationRole.MEMBER


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Platform")


@pytest.fixture
def manager(organization: Organization) -> User:
    return add_member(organization, make_user(), MANAGER).user


@pytest.fixture
def client(manager: User) -> Client:
    return signed_in(manager)


def url(name: str, organization: Organization, *more: UUID) -> str:
    return reverse(f"organizations:{name}", args=[organization.pk, *more])


def test_a_person_is_added_by_email_however_it_is_written(
    client: Client, organization: Organization, member: User
) -> None:
    response = client.post(url("member_add", organization), {"email": " Member@Example.com", "role": MANAGER})
    assert response["Location"] == url("organization_detail", organization)
    assert Membership.objects.get(user=member).role == MANAGER


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        ({"email": "nobody@example.com"}, "email", "Nobody has an account"),
        ({"email": "off@example.com"}, "email", "is deactivated"),
        ({"email": "there@example.com"}, "email", "is in Platform already"),
        ({"email": "not an address"}, "email", "valid email"),
        ({"email": "a\0@example.com"}, "email", ""),
        ({"email": ""}, "email", "required"),
        ({"email": "member@example.com", "role": "site-admin"}, "role", "not one of the available"),
    ],
)
def test_what_can_not_be_added_is_an_error_at_its_field(
    client: Client, organization: Organization, member: User, form: dict[str, str], field: str, words: str
) -> None:
    make_user(email="off@example.com", is_active=False)
    add_member(organization, make_user(email="there@example.com"), MANAGER)
    response = client.post(url("member_add", organization), {"role": MEMBER} | form)
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert words in str(response.context["form"].errors)
    assert Membership.objects.count() == 2


def test_a_role_is_changed(client: Client, organization: Organization, member: User) -> None:
    add_member(organization, member)
    client.post(url("member_set_role", organization, member.pk), {"role": MANAGER})
    assert Membership.objects.get(user=member).role == MANAGER


def test_an_unknown_role_is_refused_in_words(client: Client, organization: Organization, member: User) -> None:
    add_member(organization, member)
    page = client.post(url("member_set_role", organization, member.pk), {"role": "king"}, follow=True)
    assert "Choose one of the roles" in page.text
    assert Membership.objects.get(user=member).role == MEMBER


def test_a_member_is_removed_after_a_question(client: Client, organization: Organization, member: User) -> None:
    add_member(organization, member)
    path = url("member_remove", organization, member.pk)
    assert "Remove member@example.com from Platform" in client.get(path).text
    assert Membership.objects.filter(user=member).exists()
    client.post(path)
    assert not Membership.objects.filter(user=member).exists()


def test_a_member_with_environments_is_not_removed_and_the_page_names_them(
    client: Client, organization: Organization, member: User
) -> None:
    add_member(organization, member)
    make_environment(organization=organization, owner=member, name="engine")
    path = url("member_remove", organization, member.pk)
    page = client.get(path).text
    assert "can't be removed now" in page
    assert "engine" in page
    assert "<form" not in page.partition("<main")[2]
    assert "engine in Platform" in client.post(path, follow=True).text
    assert Membership.objects.filter(user=member).exists()


def test_a_person_elsewhere_is_no_member_here(client: Client, organization: Organization, member: User) -> None:
    add_member(make_organization(), member)
    assert client.get(url("member_remove", organization, member.pk)).status_code == 404
    assert client.post(url("member_set_role", organization, member.pk), {"role": MEMBER}).status_code == 404


def test_a_manager_who_steps_down_is_led_to_the_first_page(
    client: Client, organization: Organization, manager: User
) -> None:
    response: Any = client.post(url("member_set_role", organization, manager.pk), {"role": MEMBER}, follow=True)
    assert response.redirect_chain[0] == ("/", 302)
    assert "is organization member in Platform" in response.text
