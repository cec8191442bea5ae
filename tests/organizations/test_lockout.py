"""What is kept of failed sign-ins: no form, and a limit for an address that tries ever other e-mails."""

from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.test import Client

from audit.models import AuditEvent
from organizations.denials import MOST_A_MINUTE
from organizations.models import User
from tests.people import PASSWORD, signed_in

LIMIT = 4


@pytest.fixture(autouse=True)
def few(settings: Any) -> None:
    settings.SIGN_IN_FAILURES_OF_ADDRESS = LIMIT


def attempt(email: str, address: str, password: str = "wrong", **more: str) -> int:  # noqa: S107 - no default of ours
    form = {"username": email, "password": password, **more}
    return Client(REMOTE_ADDR=address).post("/sign-in/?next=/x%3Ftoken=typed-secret", form).status_code


def test_no_password_of_a_wrong_attempt_is_kept(member: User) -> None:
    """axes masks a field of the name password; the fields of the other form have other names."""
    client, typed = signed_in(member), {"current": "typed-secret-1", "new": "typed-secret-2"}
    for _ in range(2):  # the first one makes a row, the second changes it
        client.post("/account/password/", {**typed, "confirmation": "typed-secret-3"})
    attempt(member.email, "203.0.113.9", confirmation="typed-secret-4")
    rows = list(AccessAttempt.objects.values())
    assert sum(row["failures_since_start"] for row in rows) == 3
    assert "typed-secret" not in str(rows)


@pytest.mark.parametrize(
    "addresses", [["203.0.113.9"] * 9, [f"2001:db8:1:2:{number}::1" for number in range(9)]], ids=["IPv4", "IPv6"]
)
def test_an_address_that_tries_other_emails_is_locked_and_leaves_few_rows(member: User, addresses: list[str]) -> None:
    answers = [attempt(f"stranger{number}@example.com", address) for number, address in enumerate(addresses)]
    assert answers == [200] * LIMIT + [429] * (len(addresses) - LIMIT)
    assert attempt(member.email, addresses[0], PASSWORD) == 429
    assert AccessAttempt.objects.count() == LIMIT
    assert AuditEvent.objects.filter(action="user.sign_in").count() == LIMIT
    assert AuditEvent.objects.filter(action="user.lock").count() == MOST_A_MINUTE


def test_others_sign_in_meanwhile(member: User) -> None:
    for number in range(LIMIT + 1):
        attempt(f"stranger{number}@example.com", "2001:db8:1:2::1")
        attempt(f"stranger{number}@example.com", "203.0.113.9")
    assert attempt(member.email, "2001:db8:1:3::1", PASSWORD) == 302
    assert attempt(member.email, "203.0.113.10", PASSWORD) == 302


def test_a_sign_in_leaves_no_row_beside_the_audit_log(member: User) -> None:
    assert attempt(member.email, "203.0.113.9", PASSWORD) == 302
    assert not AccessLog.objects.exists()
