"""Signing in and out, from the outside."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from authentication.models import Session
from authentication.tasks import delete_ended_sessions
from coderadmin.celery import app
from organizations.models import User
from tests.people import PASSWORD, make_user, signed_in

SIGN_IN = "/sign-in/"


def attempt(client: Client, email: str, password: str, **more: str) -> HttpResponse:
    return client.post(SIGN_IN, {"username": email, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the slow hash was used for."""
    uses: list[str] = []

    def note(name: str) -> None:
        work = getattr(Argon2PasswordHasher, name)

        def noted(*given: Any) -> Any:
            uses.append(name)
            return work(*given)

        monkeypatch.setattr(Argon2PasswordHasher, name, noted)

    note("encode")
    note("verify")
    return uses


def test_it_signs_in_by_email_however_it_is_written(client: Client, member: User) -> None:
    response = attempt(client, " Member@Example.COM ", PASSWORD)
    assert response.status_code == 302
    assert is_signed_in(client)


def test_it_answers_a_wrong_password_and_an_unknown_email_alike(member: User) -> None:
    pages = []
    for email in (member.email, "nobody@example.com"):
        response = attempt(Client(), email, "not the password")
        assert response.status_code == 200
        assert "do not go together" in response.text
        pages.append(response.context["form"].non_field_errors())
    assert pages[0] == pages[1]


@pytest.mark.parametrize("email", ["member@example.com", "nobody@example.com", "gone@example.com", "sso@example.com"])
def test_a_failure_takes_the_time_of_one_password_whether_the_account_exists_or_not(
    email: str, client: Client, member: User, hashed: list[str]
) -> None:
    make_user(email="gone@example.com", is_active=False)
    sso = make_user(email="sso@example.com")
    sso.set_unusable_password()
    sso.save()
    attempt(client, email, "not the password")
    assert len(hashed) == 1


@pytest.mark.parametrize("email", ["member@example.com", "nobody@example.com"])
def test_it_locks_after_six_failures_whether_the_account_exists_or_not(
    client: Client, member: User, email: str
) -> None:
    answers = [attempt(client, email, "not the password").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    locked = attempt(client, email, PASSWORD)
    assert locked.status_code == 429
    assert locked["Retry-After"] == "900"
    assert "whether or not it has an account" in locked.text
    assert email not in locked.text
    assert not is_signed_in(client)


def test_a_lock_stops_neither_another_account_nor_the_same_one_elsewhere(client: Client, member: User) -> None:
    for _ in range(6):
        attempt(client, member.email, "not the password")
    assert attempt(Client(), make_user().email, PASSWORD).status_code == 302
    assert attempt(Client(REMOTE_ADDR="203.0.113.9"), member.email, PASSWORD).status_code == 302


def test_a_lock_can_not_be_passed_by_writing_the_email_differently(client: Client, member: User) -> None:
    for _ in range(6):
        attempt(client, member.email, "not the password")
    assert attempt(client, "MEMBER@example.com", PASSWORD).status_code == 429


def test_an_anonymous_person_comes_back_to_the_page_asked_for(client: Client, member: User) -> None:
    asked = client.get("/account/password/?from=mail")
    assert asked.status_code == 302
    form = client.get(asked["Location"])
    answer = attempt(client, member.email, PASSWORD, next=form.context["next"])
    assert answer["Location"] == "/account/password/?from=mail"


@pytest.mark.parametrize(
    "address", ["https://evil.example", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_it_does_not_lead_to_another_site(client: Client, member: User, address: str) -> None:
    assert attempt(client, member.email, PASSWORD, next=address)["Location"] == "/"


@pytest.mark.parametrize("email", ["İ" * 200 + "@example.com", "İ" * 254])
def test_an_email_that_grows_in_lower_case_is_only_wrong(client: Client, db: None, email: str) -> None:
    assert attempt(client, email, PASSWORD).status_code == 200
    sent = client.post("/auth/basic/login", {"email": email, "password": PASSWORD}, content_type="application/json")
    assert sent.status_code in (400, 401)


@pytest.mark.parametrize("nowhere", ["/.//[x", "http://["])
def test_an_address_that_is_none_leads_to_the_first_page(client: Client, member: User, nowhere: str) -> None:
    assert client.get(SIGN_IN, {"next": nowhere}).status_code == 200
    assert attempt(client, member.email, PASSWORD, next=nowhere)["Location"] == "/"


def test_a_fragment_for_a_page_that_has_no_address_leads_to_sign_in(client: Client, db: None) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://["}
    assert client.get(SIGN_IN, headers=headers)["HX-Redirect"] == SIGN_IN


def test_a_fragment_asked_for_after_the_session_ended_moves_the_whole_page_to_sign_in(client: Client) -> None:
    response = client.get(
        "/account/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/account/?x=1"},
        follow=True,
    )
    assert response["HX-Redirect"] == "/sign-in/?next=%2Faccount%2F%3Fx%3D1"


def test_a_deactivated_person_can_not_sign_in_and_is_told_nothing_else(client: Client, member: User) -> None:
    User.objects.update(is_active=False)
    response = attempt(client, member.email, PASSWORD)
    assert "do not go together" in response.text
    assert not is_signed_in(client)


def test_a_deactivated_person_is_out_at_the_next_request(member: User) -> None:
    client = signed_in(member)
    assert is_signed_in(client)
    User.objects.update(is_active=False)
    assert client.get("/account/")["Location"].startswith(SIGN_IN)


@pytest.mark.parametrize("back", [SIGN_IN, f"{SIGN_IN}?next={SIGN_IN}", "?x=1", "/sign-out/", "/sign-out/?x=1"])
def test_it_never_leads_back_to_itself_or_out_again(client: Client, member: User, back: str) -> None:
    assert attempt(client, member.email, PASSWORD, next=back)["Location"] == "/"
    assert client.get(SIGN_IN, {"next": back})["Location"] == "/"


def test_signing_out_takes_a_post(member: User) -> None:
    client = signed_in(member)
    assert client.get(reverse("organizations:sign_out")).status_code == 405
    assert is_signed_in(client)
    assert client.post(reverse("organizations:sign_out"))["Location"] == SIGN_IN
    assert not is_signed_in(client)


def test_the_password_is_not_rendered_back(client: Client, member: User) -> None:
    assert "not-the-password-77" not in attempt(client, member.email, "not-the-password-77").text


@pytest.mark.django_db
def test_what_is_left_of_old_sign_ins_is_swept_away(member: User) -> None:
    for _ in range(2):
        signed_in(member)
    kept = Session.objects.latest("created_at")
    Session.objects.exclude(pk=kept.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    delete_ended_sessions()
    assert Session.objects.get() == kept
    assert delete_ended_sessions.name in {entry["task"] for entry in app.conf.beat_schedule.values()}
