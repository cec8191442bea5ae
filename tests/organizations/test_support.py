"""The pages for support staff: everything but secrets, nothing to change, and no query per row."""

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from audit.services import SYSTEM, record
from organizations.models import User
from tests.people import add_member, hashed_password, make_organization, make_user, signed_in

LISTS = ["/support/organizations/user/", "/support/organizations/organization/", "/support/audit/auditevent/"]


def fill(number: int) -> None:
    for _ in range(number):
        user = make_user()
        add_member(make_organization(), user)
        record(actor=SYSTEM, action="user.create", target=user)


@pytest.mark.parametrize("address", LISTS)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    support_person: User, address: str, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(support_person)
    fill(2)
    with django_assert_max_num_queries(12) as few:
        client.get(address)
    fill(8)
    with django_assert_num_queries(len(few)):
        client.get(address)


@pytest.mark.parametrize("address", LISTS)
def test_a_list_can_be_searched(support_person: User, address: str) -> None:
    fill(1)
    response = signed_in(support_person).get(address, {"q": "no-such-thing"})
    assert "0 results" in response.text


def test_a_filter_that_no_database_takes_is_a_bad_request(support_person: User) -> None:
    client = signed_in(support_person)
    assert client.get("/support/audit/auditevent/", {"outcome__exact": "a\0b"}).status_code == 400
    assert client.get("/support/audit/auditevent/", {"outcome__exact": "denied"}).status_code == 200


def test_a_person_is_shown_without_the_password(support_person: User) -> None:
    add_member(make_organization(name="Research"), support_person)
    page = signed_in(support_person).get(f"/support/organizations/user/{support_person.pk}/change/").text
    assert support_person.email in page
    assert "Research" in page
    assert hashed_password() not in page
    assert "argon2" not in page


@pytest.mark.parametrize("person", ["support_person", "site_admin"])
def test_nothing_can_be_changed(request: pytest.FixtureRequest, person: str, member: User) -> None:
    client = signed_in(request.getfixturevalue(person))
    row = f"/support/organizations/user/{member.pk}"
    assert client.post(f"{row}/change/", {"site_role": "site-manager"}).status_code == 403
    assert client.post(f"{row}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/support/organizations/user/add/").status_code == 403
    event = AuditEvent.objects.first() or record(actor=SYSTEM, action="x", target=member)
    assert client.post(f"/support/audit/auditevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert AuditEvent.objects.filter(pk=event.pk).exists()


def test_the_first_page_names_the_site_and_its_parts(support_person: User) -> None:
    page = signed_in(support_person).get("/support/").text
    for words in ("CoderAdmin support", "Audit", "Organizations"):
        assert words in page
    assert "/support/auth/group/" not in page


def test_it_has_no_sign_in_page_of_its_own(client: Client) -> None:
    assert client.get("/support/login/?next=/support/audit/")["Location"] == "/sign-in/?next=/support/audit/"


def test_it_has_no_password_page_of_its_own(support_person: User) -> None:
    assert signed_in(support_person).get("/support/password_change/")["Location"] == "/account/password/"


def test_a_person_who_is_no_support_staff_is_told_so(site_manager: User) -> None:
    response = signed_in(site_manager).get("/support/", follow=True)
    assert response.status_code == 403
    assert "These pages are for support staff" in response.text
