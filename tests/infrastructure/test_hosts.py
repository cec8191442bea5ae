"""By which addresses the deployment answers, while the access URL changes and after."""

import threading
import time
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from coderadmin import access_url as hosts
from coderadmin.access_url import Memory, memory
from coderadmin.proof import is_proof
from organizations.models import User
from providers.access_urls import AccessURLs
from providers.choices import AccessURLState
from providers.models import AccessURL
from tests.people import PASSWORD

OLD, NEW = "https://coder.example.com", "https://dev.example.com:8443"


@pytest.fixture(autouse=True)
def deployment(settings: Any, fresh_access_urls: None) -> None:
    settings.ACCESS_URL = OLD
    settings.EXTRA_HOSTS = ["health.internal"]
    settings.SECURE_SSL_REDIRECT = False


@pytest.fixture
def switched(db: None) -> None:
    AccessURL.objects.create(url=OLD, state=AccessURLState.ACCEPTED)
    AccessURL.objects.create(url=NEW, state=AccessURLState.CURRENT, since=timezone.now())


def status(host: str, **headers: str) -> int:
    return Client(headers={"host": host, **headers}).get("/sign-in/").status_code


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["coder.example.com", "CODER.example.com:443", "health.internal"])
def test_before_any_change_the_variable_says_it(host: str) -> None:
    assert status(host) == 200
    assert status("dev.example.com:8443") == 400


@pytest.mark.parametrize("host", ["coder.example.com", "dev.example.com:8443", "dev.example.com", "health.internal"])
def test_both_answer_during_a_change(host: str, switched: None) -> None:
    assert status(host) == 200


@pytest.mark.parametrize("host", ["evil.example", "sub.dev.example.com", "dev.example.com.evil.example", "dev..x", ""])
def test_strangers_are_refused(host: str, switched: None) -> None:
    assert status(host) == 400


@pytest.mark.parametrize("port", ["65536", "99999", "9" * 5000])
def test_a_port_that_is_none_is_refused(port: str, switched: None) -> None:
    assert status(f"dev.example.com:{port}") == 400


def test_a_retired_one_is_refused(switched: None) -> None:
    AccessURL.objects.filter(url=OLD).update(state=AccessURLState.RETIRED)
    assert status("coder.example.com") == 400
    assert status("dev.example.com:8443") == 200


@pytest.mark.parametrize("host", ["coder.example.com", "dev.example.com:8443"])
@pytest.mark.parametrize("origin", [OLD, NEW])
def test_a_form_may_be_sent_from_both(host: str, origin: str, switched: None, member: User) -> None:
    """Also where a proxy hides the scheme, so that the request's own origin seems to be http."""
    browser = Client(enforce_csrf_checks=True, headers={"host": host})
    browser.get("/sign-in/")
    token = browser.cookies["csrftoken"].value
    form = {"username": member.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert browser.post("/sign-in/", form, headers={"origin": origin}).status_code == 302


def test_a_form_from_elsewhere_is_refused(switched: None) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": "coder.example.com"})
    browser.get("/sign-in/")
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    assert browser.post("/sign-in/", form, headers={"origin": "https://evil.example"}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("secure", [True, False])
def test_cookies_are_secure_as_soon_as_the_request_is(secure: bool, settings: Any) -> None:
    settings.CSRF_COOKIE_SECURE = False
    browser = Client(headers={"host": "coder.example.com"})
    browser.get("/sign-in/", secure=secure)
    assert bool(browser.cookies["csrftoken"]["secure"]) is secure


def test_who_still_comes_by_the_old_one_is_noted(switched: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "NOTED_EVERY", 0)
    status("dev.example.com:8443")
    assert AccessURL.objects.filter(last_request_at__isnull=False).count() == 0
    status("coder.example.com")
    assert AccessURL.objects.get(url=OLD).last_request_at is not None


def test_what_needs_no_database_is_answered_by_the_old_one_while_it_is_away(
    switched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.urls()

    def away(**_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(hosts.AccessURL.objects, "filter", away)
    answer = Client(headers={"host": "coder.example.com"}).get("/static/css/tokens.css")
    answer.close()
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("coder.example.com", "https://coder.example.com"),
        ("coder.example.com:443", "https://coder.example.com"),
        ("coder.example.com:8443", "https://coder.example.com:8443"),
        ("coder.example.com:9999", "https://coder.example.com"),
        ("other.example.com", ""),
    ],
)
def test_urls_that_differ_by_the_port_only_are_told_apart(host: str, url: str) -> None:
    urls = AccessURLs(current="https://coder.example.com", accepted=("https://coder.example.com:8443",))
    assert urls.matching(host=host) == url


def test_only_we_answer_a_challenge_and_by_any_host() -> None:
    challenge = "ab" * 24
    answer = Client(headers={"host": "not-yet.example.com"}).get(f"/.well-known/coderadmin/{challenge}")
    assert is_proof(challenge, answer.json()["proof"])
    assert not is_proof("cd" * 24, answer.json()["proof"])


@pytest.mark.django_db
def test_a_challenge_of_another_shape_is_no_oracle() -> None:
    assert Client(headers={"host": "x.example.com"}).get("/.well-known/coderadmin/anything").status_code == 400


def test_a_known_host_costs_no_query_and_a_strange_one_asks_at_once(
    switched: None, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory()
    with django_assert_num_queries(1):
        memory.urls()
        memory.urls()
    AccessURL.objects.create(url="https://third.example.com", state=AccessURLState.ACCEPTED)
    monkeypatch.setattr(hosts, "STRANGERS_EVERY", 0)
    assert "https://third.example.com" in memory.urls(younger_than=0).answering


def test_in_a_new_process_nobody_is_refused_while_another_request_reads(
    switched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, asked, known = Memory(), threading.Event(), AccessURLs(current=NEW, accepted=(OLD,))
    told: list[AccessURLs] = []

    def slow() -> AccessURLs:
        asked.set()
        time.sleep(0.2)
        return known

    monkeypatch.setattr(hosts, "answering_urls", slow)
    first = threading.Thread(target=lambda: told.append(memory.urls()))
    first.start()
    asked.wait(10)
    told.append(memory.urls())
    first.join()
    assert told == [known, known]


def test_an_outage_of_the_database_changes_nothing(switched: None, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    known = memory.urls()

    def away() -> AccessURLs:
        raise OperationalError

    monkeypatch.setattr(hosts, "answering_urls", away)
    assert memory.urls(younger_than=-1) == known
