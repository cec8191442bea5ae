"""The list of people, one person, and what is done to an account on its pages."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from organizations.choices import SiteRole
from organizations.models import User
from tests.factories import make_environment
from tests.people import PASSWORD, add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
LIST, NEW = "/manage/users/", "/manage/users/new/"
SHOWN = re.compile(r'<pre id="password"[^>]*>([^<]+)</pre>')


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


@pytest.fixture
def admin_client(site_admin: User) -> Client:
    return signed_in(site_admin)


def url(name: str, user: User) -> str:
    return reverse(f"organizations:{name}", args=[user.pk])


def emails(response: Any) -> list[str]:
    return [user.email.partition("@")[0] for user in response.context["page"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["ada", "grace", "manager"]),
        ({"sort": "-email"}, ["manager", "grace", "ada"]),
        ({"sort": "last_login"}, ["grace", "manager", "ada"]),
        ({"q": "lovelace"}, ["ada"]),
        ({"q": "platform"}, ["grace"]),
        ({"q": "hopper example.com"}, ["grace"]),
        ({"role": "site-manager"}, ["manager"]),
        ({"state": "deactivated"}, ["ada"]),
        ({"state": "active", "q": "a"}, ["grace", "manager"]),
        ({"state": "nonsense", "role": "king", "q": "\0"}, ["ada", "grace", "manager"]),
        ({"q": "no such person"}, []),
    ],
)
def test_it_is_searched_filtered_and_sorted(client: Client, query: dict[str, str], found: list[str]) -> None:
    make_user(email="ada@example.com", name="Ada Lovelace", is_active=False)
    tomorrow = timezone.now() + timedelta(days=1)
    grace = make_user(email="grace@example.com", name="Grace Hopper", username="grace", last_login=tomorrow)
    add_member(make_organization(name="Platform"), grace)
    assert emails(client.get(LIST, query)) == found


def test_it_is_shown_by_fifty(client: Client) -> None:
    for _ in range(52):
        make_user()
    assert len(emails(client.get(LIST))) == 50
    assert len(emails(client.get(LIST, {"page": "2"}))) == 3


def test_a_search_by_script_gets_the_results_alone(client: Client) -> None:
    part = client.get(LIST, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<section id="user-results"')


@pytest.mark.parametrize("person", ["site_manager", "auditor"])
def test_it_takes_as_many_queries_for_many_people_as_for_few(
    request: pytest.FixtureRequest, person: str, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(request.getfixturevalue(person))
    add_member(make_organization(), make_user())
    with django_assert_max_num_queries(8) as few:
        client.get(LIST)
    for _ in range(5):
        user = make_user()
        for _ in range(4):
            add_member(make_organization(), user)
    with django_assert_num_queries(len(few)):
        client.get(LIST)


def test_an_auditor_reads_and_finds_no_links(auditor: User, member: User) -> None:
    page = signed_in(auditor).get(LIST).text
    assert member.email in page
    assert str(member.pk) not in page
    assert NEW not in page


def test_a_person_is_shown_with_what_can_be_done(client: Client, member: User) -> None:
    add_member(make_organization(name="Platform"), member)
    make_environment(owner=member)
    page = client.get(url("user_detail", member)).text
    for words in (member.email, member.username, "Platform", "Organization member"):
        assert words in page
    for name in ("user_set_site_role", "user_set_organizations", "user_deactivate", "user_reset_password"):
        assert url(name, member) in page


@pytest.mark.parametrize(
    ("reader", "shown", "words"),
    [
        ("site_manager", "site_manager", "Reset password: only the site admin does that"),
        ("site_manager", "site_admin", "Deactivate: nobody does that to the site admin"),
        ("site_admin", "site_admin", "Site role: not possible for the site admin"),
    ],
)
def test_what_is_not_possible_is_said_and_is_no_link(
    request: pytest.FixtureRequest, site_admin: User, reader: str, shown: str, words: str
) -> None:
    person = request.getfixturevalue(shown)
    page = signed_in(request.getfixturevalue(reader)).get(url("user_detail", person)).text
    assert words in page
    for name in ("user_set_site_role", "user_deactivate", "user_reset_password"):
        assert url(name, person) not in page


def test_a_new_person_gets_a_password_that_is_shown_once_and_signs_in(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform = make_organization(name="Platform")
    form = {"email": "New@Example.com", "name": "New", "site_role": "site-auditor", "organizations": [platform.pk]}
    response = client.post(NEW, form)
    password = SHOWN.search(response.text)[1]
    assert "no-store" in response["Cache-Control"]
    user = User.objects.get(email="new@example.com")
    assert (user.site_role, user.organizations.get(), user.must_change_password) == ("site-auditor", platform, True)
    signing_in = Client().post("/sign-in/", {"username": user.email, "password": password})
    assert signing_in["Location"] == "/"
    assert password not in client.get(url("user_detail", user)).text
    assert password not in caplog.text
    assert password not in str(list(AuditEvent.objects.values()))


def test_the_form_offers_no_role_above_the_readers(client: Client, admin_client: Client) -> None:
    assert "site-manager" not in client.get(NEW).text
    assert "site-manager" in admin_client.get(NEW).text
    for each in (client, admin_client):
        assert "site-admin" not in each.get(NEW).text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""), ("email", "nobody"), ("email", "MANAGER@example.com"), ("email", "a\0@example.com"),
        ("email", "x" * 250 + "@example.com"), ("name", "x" * 151), ("name", "a\0"), ("name", "a\nb"),
        ("site_role", ""), ("site_role", "site-admin"), ("site_role", "site-manager"), ("organizations", ["x"]),
        ("organizations", ["c0ffee00-0000-4000-8000-000000000000"]), ("organizations", ["\0"]),
    ],
)  # fmt: skip
def test_bad_input_is_an_error_at_its_field(client: Client, field: str, value: Any) -> None:
    response = client.post(NEW, {"email": "new@example.com", "site_role": "site-member"} | {field: value})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert User.objects.count() == 1


def test_a_site_role_is_changed(admin_client: Client, member: User) -> None:
    path = url("user_set_site_role", member)
    assert 'value="site-member"' in admin_client.get(path).text
    assert admin_client.post(path, {"site_role": "site-manager"})["Location"] == url("user_detail", member)
    member.refresh_from_db()
    assert member.site_role == SiteRole.MANAGER


@pytest.mark.parametrize("role", ["site-admin", "site-manager", "king", ""])
def test_a_role_above_the_readers_is_an_error_at_its_field(client: Client, member: User, role: str) -> None:
    response = client.post(url("user_set_site_role", member), {"site_role": role})
    assert list(response.context["form"].errors) == ["site_role"]
    member.refresh_from_db()
    assert member.site_role == SiteRole.MEMBER


def test_the_organizations_of_a_person_are_changed(client: Client, member: User) -> None:
    left, joined = make_organization(name="Left"), make_organization(name="Joined")
    add_member(left, member)
    path = url("user_set_organizations", member)
    assert re.search(rf'value="{left.pk}"[^>]* checked', client.get(path).text)
    client.post(path, {"organizations": [joined.pk]})
    assert list(member.organizations.all()) == [joined]
    client.post(path, {})
    assert not member.organizations.exists()


def test_an_organization_with_environments_is_kept_and_the_error_names_them(client: Client, member: User) -> None:
    left = make_organization(name="Left")
    add_member(left, member)
    make_environment(owner=member, organization=left, name="engine")
    response = client.post(url("user_set_organizations", member), {})
    assert "engine in Left" in str(response.context["form"].errors["organizations"])
    assert list(member.organizations.all()) == [left]


def test_an_account_is_deactivated_and_activated_after_a_question(client: Client, member: User) -> None:
    make_environment(owner=member)
    person = signed_in(member)
    assert "One environment goes on" in client.get(url("user_deactivate", member)).text
    assert person.get("/account/").status_code == 200
    client.post(url("user_deactivate", member))
    assert person.get("/account/").status_code == 302
    assert "deactivated" in client.get(url("user_detail", member)).text
    client.get(url("user_activate", member))
    member.refresh_from_db()
    assert not member.is_active
    client.post(url("user_activate", member))
    member.refresh_from_db()
    assert member.is_active


def test_a_reset_password_is_shown_once_and_must_be_changed(client: Client, member: User) -> None:
    path = url("user_reset_password", member)
    assert not SHOWN.search(client.get(path).text)
    response = client.post(path)
    password = SHOWN.search(response.text)[1]
    assert "no-store" in response["Cache-Control"]
    person = Client()
    assert person.post("/sign-in/", {"username": member.email, "password": PASSWORD}).status_code == 200
    assert person.post("/sign-in/", {"username": member.email, "password": password}).status_code == 302
    assert person.get("/account/")["Location"] == "/account/password/"


def test_the_site_admin_is_told_that_nobody_resets_the_own_password(admin_client: Client, site_admin: User) -> None:
    page = admin_client.post(url("user_reset_password", site_admin), follow=True).text
    assert "You can&#x27;t reset your own password." in page
    page = admin_client.post(url("user_deactivate", site_admin), follow=True).text
    assert "You can&#x27;t deactivate yourself." in page


def test_markup_in_a_name_is_text(client: Client) -> None:
    user = make_user(name="<b>bold</b>")
    for path in (LIST, url("user_detail", user), url("user_set_site_role", user)):
        assert "<b>bold" not in client.get(path).text
