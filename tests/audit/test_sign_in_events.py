"""The audit rows of signing in and out."""

import pytest
from django.conf import settings
from django.test import Client

from audit.models import AuditEvent
from organizations.denials import MOST_A_MINUTE
from organizations.models import User
from tests.people import PASSWORD, signed_in


def attempt(client: Client, email: str, password: str) -> None:
    client.post("/sign-in/", {"username": email, "password": password}, REMOTE_ADDR="203.0.113.9")


def rows() -> list[tuple[str, str, str, str]]:
    return list(AuditEvent.objects.order_by("id").values_list("action", "outcome", "actor_name", "target_name"))


def test_signing_in_and_out_leave_a_row_each(client: Client, member: User) -> None:
    attempt(client, member.email, PASSWORD)
    client.post("/sign-out/")
    assert rows() == [
        ("user.sign_in", "succeeded", member.email, member.email),
        ("user.sign_out", "succeeded", member.email, member.email),
    ]
    assert {event.target_id for event in AuditEvent.objects.all()} == {str(member.pk)}


def test_a_failure_names_the_account_and_the_address_but_no_actor(client: Client, member: User) -> None:
    attempt(client, member.email, "not the password")
    event = AuditEvent.objects.get()
    assert (event.action, event.outcome, event.actor_name) == ("user.sign_in", "failed", "anonymous")
    assert (event.actor_id, event.address, event.target_id) == (None, "203.0.113.9", str(member.pk))


def test_a_failure_for_an_unknown_email_has_a_row_too(client: Client, db: None) -> None:
    attempt(client, "nobody@example.com", "not the password")
    event = AuditEvent.objects.get()
    assert (event.outcome, event.target_name, event.target_id) == ("failed", "nobody@example.com", "")


def test_each_attempt_has_one_row_and_the_sixth_failure_locks(client: Client, member: User) -> None:
    for _ in range(7):
        attempt(client, member.email, "not the password")
    failures = [("user.sign_in", "failed", "anonymous", member.email)] * 5
    assert rows() == [*failures, *[("user.lock", "denied", "anonymous", member.email)] * 2]


def test_attempts_on_a_locked_account_do_not_fill_the_log(client: Client, member: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT + 3 * MOST_A_MINUTE):
        attempt(client, member.email, "not the password")
    assert AuditEvent.objects.filter(action="user.lock").count() == MOST_A_MINUTE


def test_no_row_and_no_log_line_holds_a_password(
    client: Client, member: User, caplog: pytest.LogCaptureFixture
) -> None:
    attempt(client, member.email, "wrong-secret-1")
    attempt(client, member.email, PASSWORD)
    stored = str(list(AuditEvent.objects.values()))
    for secret in ("wrong-secret-1", PASSWORD):
        assert secret not in stored
        assert secret not in caplog.text


def test_signing_out_without_being_signed_in_leaves_no_row(client: Client, db: None) -> None:
    client.post("/sign-out/")
    assert rows() == []


def test_a_row_stays_when_its_person_is_deleted(member: User) -> None:
    signed_in(member).post("/sign-out/")
    member.delete()
    assert AuditEvent.objects.filter(action="user.sign_out", actor_name="member@example.com").exists()
