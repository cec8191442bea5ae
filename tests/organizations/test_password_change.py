"""Changing the password, freely and because it must be."""

from django.conf import settings
from django.test import Client

from audit.models import AuditEvent
from organizations.models import User
from tests.people import PASSWORD, make_support_person, make_user, signed_in

PAGE = "/account/password/"
NEW = "another long enough one 2026"


def change(client: Client, current: str = PASSWORD, new: str = NEW, confirmation: str | None = None) -> object:
    fields = {"current": current, "new": new, "confirmation": new if confirmation is None else confirmation}
    return client.post(PAGE, fields)


def test_it_changes_the_password_and_ends_the_sessions_elsewhere(member: User) -> None:
    here, elsewhere = signed_in(member), signed_in(member)
    assert change(here)["Location"] == "/account/"
    member.refresh_from_db()
    assert member.check_password(NEW)
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


def test_it_says_so_on_the_next_page_and_in_the_audit_trail(member: User) -> None:
    client = signed_in(member)
    change(client)
    assert "Your password is changed" in client.get("/account/").text
    event = AuditEvent.objects.get(action="user.change_password")
    assert (event.actor_name, event.target_id) == (member.email, str(member.pk))
    assert (event.before, event.after) == ({}, {})


def test_it_refuses_what_is_not_right_beside_the_field(member: User) -> None:
    client = signed_in(member)
    for fields, field in (
        ({"current": "something else"}, "current"),
        ({"new": "short"}, "new"),
        ({"new": PASSWORD}, "new"),
        ({"new": member.email}, "new"),
        ({"confirmation": "not the same at all"}, "confirmation"),
        ({"new": ""}, "new"),
    ):
        response = change(client, **fields)
        assert response.status_code == 200
        assert field in response.context["form"].errors, fields
        assert f'id="id_{field}_error"' in response.text
        assert f'aria-describedby="id_{field}_' in response.text
    member.refresh_from_db()
    assert member.check_password(PASSWORD)


def test_it_never_renders_a_password_back(member: User) -> None:
    response = change(signed_in(member), current="wrong-secret-1", new="wrong-secret-2")
    assert "wrong-secret" not in response.text


def test_someone_with_a_given_password_sees_no_other_page_before_changing_it(db: None) -> None:
    client = signed_in(make_support_person(must_change_password=True))
    for address in ("/", "/account/", "/support/", "/manage/admin/workspace-providers/"):
        assert client.get(address)["Location"] == PAGE, address
    assert client.get("/account/", headers={"HX-Request": "true"})["HX-Redirect"] == PAGE
    assert "given to you by someone else" in client.get(PAGE).text
    assert client.get("/healthz").status_code == 200


def test_someone_with_a_given_password_goes_on_after_changing_it(db: None) -> None:
    user = make_user(must_change_password=True)
    client = signed_in(user)
    change(client)
    assert client.get("/account/").status_code == 200
    user.refresh_from_db()
    assert not user.must_change_password


def test_someone_with_a_given_password_can_sign_out_instead(db: None) -> None:
    client = signed_in(make_user(must_change_password=True))
    assert client.post("/sign-out/")["Location"] == "/sign-in/"


def test_a_given_password_can_not_be_kept(db: None) -> None:
    user = make_user(must_change_password=True)
    assert "choose another one" in change(signed_in(user), new=PASSWORD).text


def test_the_current_one_can_not_be_found_by_guessing(member: User) -> None:
    client = signed_in(member)
    for number in range(settings.AXES_FAILURE_LIMIT):
        change(client, current=f"guess {number}")
    assert change(client).status_code == 429
    member.refresh_from_db()
    assert member.check_password(PASSWORD)
    assert AuditEvent.objects.filter(target_id=str(member.pk), outcome="failed").exists()
