"""Browsers in which people are signed in: seen, ended, and ended by what happens to the account."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor
from authentication.models import Session
from authentication.services import end_session, end_sessions
from organizations import services
from organizations.choices import SiteRole
from organizations.models import User
from tests.api.things import Program
from tests.authentication.things import FIREFOX, make_session
from tests.factories import make_built_in
from tests.people import PASSWORD, add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
LIST = "/account/sessions/"


def browser(user: User, *, agent: str = FIREFOX, address: str = "203.0.113.7") -> Client:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    assert client.post("/sign-in/", {"username": user.email, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def page_of(user: User) -> str:
    return f"/manage/users/{user.pk}/sessions/"


def test_one_sees_ones_browsers_and_which_one_this_is(member: User) -> None:
    own, _ = (
        browser(member),
        browser(member, agent="Mozilla/5.0 (iPhone; Mac OS X) Version/18 Safari/604", address="::1"),
    )
    make_session(make_user(), address="192.0.2.200")
    page = own.get(LIST).text
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert "203.0.113.7" in page
    assert "192.0.2.200" not in page
    assert page.count("this one") == 1
    assert page.count("/end/") == 2  # of the other one, and of all others


def test_no_key_is_in_the_database_and_no_page_shows_what_stands_for_it(member: User) -> None:
    client = browser(member)
    key = client.cookies["sessionid"].value
    row = Session.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM authentication_session s")
        assert key not in cursor.fetchone()[0]
    page = client.get(LIST).text
    assert key not in page
    assert row.digest not in page
    assert not Session.objects.filter(user__isnull=True).exists()


def test_an_ended_browser_is_out_at_its_next_request_and_the_others_stay(member: User) -> None:
    own, other = browser(member), browser(member)
    row = Session.objects.order_by("created_at").last()
    url = f"{LIST}{row.pk}/end/"
    assert "signed out" in own.get(url).text
    assert own.post(url)["Location"] == LIST
    assert (is_in(own), is_in(other)) == (True, False)
    assert own.post(url).status_code == 404
    event = AuditEvent.objects.get(action="user.end_session")
    assert (event.target_id, event.before["device"]) == (str(member.pk), "Firefox on Linux")


def test_all_others_end_and_this_one_stays(member: User) -> None:
    own, others = browser(member), [browser(member), browser(member)]
    assert own.post(f"{LIST}end/")["Location"] == LIST
    assert is_in(own)
    assert not any(is_in(each) for each in others)
    assert Session.objects.live_of(User.objects.get(pk=member.pk)).count() == 1


def test_nobody_ends_a_session_of_another_by_the_own_page(member: User) -> None:
    row = make_session(make_user())
    assert browser(member).post(f"{LIST}{row.pk}/end/").status_code == 404
    assert Session.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("actor", "owner", "status"),
    [
        (SiteRole.MANAGER, SiteRole.MEMBER, 302),
        (SiteRole.MANAGER, SiteRole.AUDITOR, 302),
        (SiteRole.MANAGER, SiteRole.MANAGER, 403),
        (SiteRole.MANAGER, SiteRole.ADMIN, 403),
        (SiteRole.ADMIN, SiteRole.MANAGER, 302),
        (SiteRole.AUDITOR, SiteRole.MEMBER, 403),
        (SiteRole.MEMBER, SiteRole.MEMBER, 403),
    ],
)
def test_those_who_may_edit_an_account_end_its_sessions(actor: SiteRole, owner: SiteRole, status: int) -> None:
    person, client = make_user(owner), signed_in(make_user(actor))
    row, more = make_session(person), make_session(person)
    one, all_of_them = f"{page_of(person)}{row.pk}/end/", f"{page_of(person)}end/"
    assert client.post(one).status_code == status
    assert Session.objects.filter(pk=row.pk).exists() == (status == 403)
    assert client.post(all_of_them).status_code == status
    assert Session.objects.filter(pk=more.pk).exists() == (status == 403)
    assert client.get(page_of(person)).status_code == (200 if status == 302 else 403)
    done = AuditEvent.objects.filter(action__startswith="user.end_session", outcome="succeeded", target_id=person.pk)
    assert done.count() == (2 if status == 302 else 0)


def test_the_verb_itself_asks_who_may(site_manager: User, site_admin: User) -> None:
    for verb in (
        lambda: end_session(actor=Actor(user=site_manager), session=make_session(site_admin)),
        lambda: end_sessions(actor=Actor(user=site_manager), user=site_admin),
    ):
        with pytest.raises(PermissionDenied):
            verb()
    assert Session.objects.exists()


def test_an_ordinary_request_asks_for_one_row_and_notes_the_visit_every_ten_minutes(member: User) -> None:
    client = browser(member)

    def queries() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get("/account/", REMOTE_ADDR="198.51.100.4")
        return [each["sql"] for each in found if "authentication_session" in each["sql"]]

    assert len(queries()) == 1
    Session.objects.update(seen_at=timezone.now() - timedelta(minutes=11))
    assert len(queries()) == 2
    assert len(queries()) == 1
    row = Session.objects.get()
    assert row.address == "198.51.100.4"
    assert timezone.now() - row.seen_at < timedelta(minutes=5)


def test_what_a_browser_says_of_itself_may_be_anything(member: User) -> None:
    client = browser(member, agent="<script>" + "x" * 2000)
    page = client.get(LIST).text
    assert "An unknown device" in page
    assert len(Session.objects.get().agent) == 512


def test_a_session_that_ended_meanwhile_is_not_brought_back(member: User) -> None:
    client = browser(member)
    session = client.session
    session["something"] = "new"
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


CHANGES: dict[str, Callable[[User], object]] = {
    "deactivation": lambda user: services.deactivate_user(actor=SYSTEM, user=user),
    "password reset": lambda user: services.reset_password(actor=SYSTEM, user=user),
    "password change": lambda user: services.change_password(actor=Actor(user=user), user=user, password="x" * 20),
}


@pytest.mark.parametrize("change", CHANGES)
def test_it_ends_the_sessions_and_none_is_shown(change: str, member: User) -> None:
    client = browser(member)
    assert is_in(client)
    CHANGES[change](User.objects.get(pk=member.pk))
    assert not Session.objects.live_of(User.objects.get(pk=member.pk)).exists()
    assert not is_in(client)


def test_rights_count_at_the_next_request_of_a_session_and_of_a_token(site_manager: User) -> None:
    program, client = Program(site_manager), signed_in(site_manager)

    def answers() -> tuple[int, int]:
        return client.get("/manage/users/").status_code, program.get("/users").status_code

    assert answers() == (200, 200)
    services.set_site_role(actor=SYSTEM, user=site_manager, site_role=SiteRole.MEMBER)
    assert answers() == (403, 403)
    services.deactivate_user(actor=SYSTEM, user=site_manager)
    assert answers() == (302, 401)


def test_a_removed_membership_counts_at_the_next_request(member: User) -> None:
    make_built_in()
    organization = make_organization()
    add_member(organization, member)
    program, client = Program(member), signed_in(member)

    def seen() -> tuple[bool, int]:
        page = client.get("/account/").text
        return organization.name in page, program.get(f"/organizations/{organization.pk}").status_code

    assert seen() == (True, 200)
    services.remove_member(actor=SYSTEM, organization=organization, user=member)
    assert seen() == (False, 404)


def test_programs_see_and_end_them(member: User, site_manager: User) -> None:
    row, other = make_session(member), make_session(member)
    own, manager = Program(member), Program(site_manager)
    listed: list[dict[str, Any]] = own.get("/me/sessions").json()["items"]
    assert {each["id"] for each in listed} == {str(row.pk), str(other.pk)}
    assert listed[0].keys() == {"id", "device", "address", "created_at", "seen_at", "expires_at"}
    assert own.delete(f"/me/sessions/{row.pk}").status_code == 204
    assert own.delete(f"/me/sessions/{row.pk}").status_code == 404
    assert manager.delete(f"/users/{member.pk}/sessions").status_code == 204
    assert manager.get(f"/users/{member.pk}/sessions").json()["items"] == []
    assert own.get("/me/sessions").status_code == 200  # a token is no session


def test_all_sessions_that_end_take_opened_environments_along(member: User) -> None:
    """They are good as long as the generation is: see environments/services/sessions.py."""
    before = member.session_generation
    assert signed_in(make_user(SiteRole.MANAGER)).post(f"{page_of(member)}end/").status_code == 302
    assert User.objects.get(pk=member.pk).session_generation == before + 1
