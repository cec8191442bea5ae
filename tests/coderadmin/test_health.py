"""The endpoints for load balancers and probes, with everything up and with parts down."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from coderadmin.access_url import memory
from providers.access_urls import AccessURLs

ASK = """
import django; django.setup()
from django.test import Client
for address in ("/healthz", "/readyz"):
    answer = Client().get(address, SERVER_NAME="localhost")
    print(answer.status_code, answer.content.decode())
"""


def ask_with(**environment: str) -> list[str]:
    """Both answers of a process that has this environment."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.splitlines()


def test_a_process_that_answers_is_healthy_and_asks_nobody(client: Client) -> None:
    """No `db` fixture here: pytest-django would fail this test at the first query."""
    response = client.get("/healthz")
    assert (response.status_code, response.text) == (200, "ok")


def test_it_is_ready_when_database_broker_and_migrations_are(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert response.json() == {"database": "ok", "broker": "ok", "migrations": "ok"}
    assert response.status_code == 200


def test_without_a_database_it_is_up_but_not_ready() -> None:
    healthy, ready = ask_with(DATABASE_URL="postgres://nobody:pw@127.0.0.1:1/none")
    assert healthy == "200 ok"
    assert ready.startswith("503")
    assert '"database": "unreachable"' in ready
    assert '"broker": "ok"' in ready


def test_without_a_broker_it_is_up_but_not_ready() -> None:
    healthy, ready = ask_with(REDIS_URL="redis://127.0.0.1:1/0")
    assert healthy == "200 ok"
    assert '"broker": "unreachable"' in ready


@pytest.mark.django_db
def test_a_probe_may_come_by_the_address_of_a_pod() -> None:
    for address in ("/healthz", "/readyz"):
        assert Client().get(address, headers={"Host": "10.1.2.3:8000"}).status_code == 200
    assert Client().get("/sign-in/", headers={"Host": "10.1.2.3:8000"}).status_code == 400


@pytest.mark.django_db
def test_probes_are_answered_over_plain_http_too(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECURE_SSL_REDIRECT = True
    monkeypatch.setattr(memory, "urls", lambda **_: AccessURLs(current="https://testserver"))
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/sign-in/").status_code == 301
