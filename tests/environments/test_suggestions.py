"""What fields that take an e-mail or a name suggest, and to whom."""

import pytest
from django.test import Client
from django.urls import reverse

from organizations.choices import OrganizationRole
from organizations.models import User
from tests.environments.things import make_member
from tests.factories import make_environment, make_provider
from tests.people import make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
LIST = "/environments/"


def people(client: Client, **query: str) -> list[str]:
    return [person.email for person in client.get(reverse("environments:people"), query).context["people"]]


def names(client: Client, **query: str) -> list[str]:
    found: list[str] = client.get(reverse("environments:names"), query).context["suggested"]
    return found


def test_people_are_suggested_to_those_who_may_ask_and_fifty_at_most(site_manager: User, auditor: User) -> None:
    organization = make_organization()
    person = make_member(organization, name="Ada Lovelace", email="ada@example.com")
    for number in range(55):
        make_user(email=f"crowd{number:02}@example.com")
    assert people(signed_in(site_manager), person="lovelace") == ["ada@example.com"]
    assert people(signed_in(auditor), owner="ada@") == ["ada@example.com"]
    assert len(people(signed_in(site_manager), person="crowd")) == 50
    manager = signed_in(make_member(organization, OrganizationRole.MANAGER, email="zoe@example.com"))
    assert people(manager) == ["ada@example.com", "zoe@example.com"]
    assert people(signed_in(person), person="ada") == []
    assert people(signed_in(site_manager), person="\0") != []


def test_providers_and_organizations_are_those_of_environments_that_one_sees(site_manager: User) -> None:
    here, elsewhere = make_organization(name="Platform"), make_organization(name="Research")
    person = make_member(here)
    make_environment(make_provider(name="sydney"), owner=person, organization=here)
    make_environment(make_provider(name="Seoul"), organization=elsewhere)
    make_provider(name="spare")
    assert names(signed_in(site_manager), provider="s") == ["Seoul", "sydney"]
    assert names(signed_in(site_manager), organization="SEAR") == ["Research"]
    assert names(signed_in(person), provider="") == ["sydney"]
    assert names(signed_in(person), organization="") == ["Platform"]


def test_fifty_names_are_suggested_however_many_there_are(site_manager: User) -> None:
    for number in range(52):
        make_environment(make_provider(name=f"p{number:02}"))
    found = names(signed_in(site_manager), provider="P")
    assert found == [f"p{number:02}" for number in range(50)]


def test_a_link_with_an_id_shows_the_name_but_only_to_those_who_see_what_is_there(site_manager: User) -> None:
    provider = make_provider(name="sydney")
    make_environment(provider)
    stranger = make_member(make_organization())
    make_environment(owner=stranger)
    query = {"provider": str(provider.pk)}
    assert 'name="provider" value="sydney"' in signed_in(site_manager).get(LIST, query).text
    assert "sydney" not in signed_in(stranger).get(LIST, query).text


def test_only_a_whole_name_narrows_the_list_whatever_its_case(site_manager: User) -> None:
    for name in ("sydney", "sydney-2"):
        make_environment(make_provider(name=name), name=f"on-{name}")
    client = signed_in(site_manager)
    found = {text: client.get(LIST, {"provider": text}).context["rows"] for text in ("SYDNEY ", "syd", "")}
    assert {text: [row.environment.name for row in rows] for text, rows in found.items()} == {
        "SYDNEY ": ["on-sydney"],
        "syd": [],
        "": ["on-sydney", "on-sydney-2"],
    }
