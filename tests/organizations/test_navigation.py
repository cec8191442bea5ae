"""Each person sees the way to what is theirs, and nothing else."""

import pytest
from django.test import Client

from organizations.models import User
from organizations.permissions import May
from organizations.policies import allows
from tests.people import add_member, make_organization, signed_in

PROVIDERS = "/manage/admin/workspace-providers/"
SUPPORT = "/support/"

LINKS = {
    "site_admin": {PROVIDERS},
    "site_manager": {PROVIDERS},
    "auditor": {PROVIDERS},
    "member": set(),
    "support_person": {SUPPORT},
}


@pytest.mark.parametrize("person", LINKS)
def test_the_header_leads_to_what_is_theirs(request: pytest.FixtureRequest, person: str) -> None:
    page = signed_in(request.getfixturevalue(person)).get("/account/").text
    assert {address for address in (PROVIDERS, SUPPORT) if f'href="{address}"' in page} == LINKS[person]


@pytest.mark.parametrize("person", LINKS)
def test_an_address_typed_by_hand_opens_for_the_same_people(request: pytest.FixtureRequest, person: str) -> None:
    client = signed_in(request.getfixturevalue(person))
    for address in (PROVIDERS, SUPPORT):
        response = client.get(address, follow=True)
        assert response.status_code == (200 if address in LINKS[person] else 403), address


@pytest.mark.parametrize("person", LINKS)
def test_the_first_page_is_the_providers_or_the_own_environments(request: pytest.FixtureRequest, person: str) -> None:
    response = signed_in(request.getfixturevalue(person)).get("/", follow=True)
    first_page = PROVIDERS if PROVIDERS in LINKS[person] else "/environments/"
    assert response.redirect_chain == [(first_page, 302)]
    assert response.status_code == 200


def test_the_admin_pages_have_a_side_navigation_that_says_where_one_is(site_manager: User) -> None:
    client = signed_in(site_manager)
    assert 'aria-label="Admin"' not in client.get("/account/").text
    page = client.get(PROVIDERS).text
    assert 'aria-label="Admin"' in page
    assert f'<a href="{PROVIDERS}" aria-current="page">Workspace Providers</a>' in page


@pytest.mark.parametrize("address", ["/account/", "/account/password/"])
def test_a_page_answers_a_question_for_its_headers_alone(member: User, address: str) -> None:
    response = signed_in(member).head(address)
    assert (response.status_code, response.content) == (200, b"")


def test_an_anonymous_person_sees_no_navigation(db: None, client: Client) -> None:
    page = client.get("/sign-in/").text
    assert "<nav" not in page
    assert "Sign out" not in page


def test_the_account_page_shows_roles_and_organizations(member: User) -> None:
    add_member(make_organization(name="Research"), member)
    add_member(make_organization(name="Platform"), member)
    page = signed_in(member).get("/account/").text
    assert page.index("Platform") < page.index("Research")
    assert "Organization member" in page
    assert "member@example.com" in page


def test_a_deactivated_person_has_no_rights_left(site_admin: User) -> None:
    site_admin.is_active = False
    assert not any(allows(site_admin, permission) for permission in May)
