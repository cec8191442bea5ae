"""Redirect to https and HSTS follow the access URL of the moment, not that of the start."""

from typing import Any

import pytest
from django.test import Client

from coderadmin.access_url import memory
from providers.access_urls import AccessURLs

HTTP, HTTPS = "http://coder.example.com", "https://coder.example.com"
ELSEWHERE = "https://dev.example.com"


@pytest.fixture(autouse=True)
def production(settings: Any, db: None) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.EXTRA_HOSTS = ["coder.internal"]


def answering(monkeypatch: pytest.MonkeyPatch, current: str, *accepted: str) -> None:
    monkeypatch.setattr(memory, "urls", lambda **_: AccessURLs(current=current, accepted=accepted))


def ask(host: str, *, secure: bool) -> tuple[int, bool]:
    """The status, and whether the browser is to insist on https from now on."""
    answer = Client(headers={"host": host}).get("/sign-in/", secure=secure)
    return answer.status_code, "Strict-Transport-Security" in answer.headers


@pytest.mark.parametrize("host", ["coder.example.com", "coder.internal"])
def test_with_https_nobody_stays_on_http(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, HTTPS)
    assert ask(host, secure=False) == (301, False)
    assert ask(host, secure=True) == (200, True)


def test_with_http_nobody_is_led_away(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, HTTP)
    assert ask("coder.example.com", secure=False) == (200, False)
    assert ask("coder.example.com", secure=True) == (200, False)


def test_while_http_is_still_accepted_the_way_back_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, HTTPS, HTTP)
    assert ask("coder.example.com", secure=False) == (200, False)
    assert ask("coder.example.com", secure=True) == (200, False)


def test_another_host_does_not_wait_for_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ELSEWHERE, HTTP)
    assert ask("coder.example.com", secure=False) == (200, False)
    assert ask("dev.example.com", secure=False) == (301, False)
    assert ask("dev.example.com", secure=True) == (200, True)


def test_cookies_are_for_https_only_as_soon_as_one_comes_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, HTTPS, HTTP)
    for secure in (False, True):
        answer = Client(headers={"host": "coder.example.com"}).get("/sign-in/", secure=secure)
        assert bool(answer.cookies["csrftoken"]["secure"]) is secure
