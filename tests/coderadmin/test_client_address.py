"""Behind a proxy, failures are counted and rows are written for the client's address, not for the proxy's."""

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent

PROXY = "10.0.0.1"


@pytest.fixture
def behind_proxy(settings: Any) -> Client:
    settings.MIDDLEWARE = ["coderadmin.middleware.ClientAddressMiddleware", *settings.MIDDLEWARE]
    return Client(REMOTE_ADDR=PROXY)


def recorded_address(client: Client, **headers: str) -> str | None:
    client.post("/sign-in/", {"username": "nobody@example.com", "password": "not the password"}, headers=headers)
    return AuditEvent.objects.latest("id").address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("2001:db8::7", "2001:db8::7"),
        ("unknown", PROXY),
        ("", PROXY),
    ],
)
def test_it_takes_the_address_that_the_proxy_wrote(
    behind_proxy: Client, db: None, forwarded: str, address: str
) -> None:
    assert recorded_address(behind_proxy, **{"X-Forwarded-For": forwarded}) == address


def test_without_a_proxy_nobody_can_choose_an_address(client: Client, db: None) -> None:
    assert recorded_address(client, **{"X-Forwarded-For": "203.0.113.9"}) == "127.0.0.1"
