"""Error pages: words, a next step, a way back, and nothing that gives something away."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path
from django.views import defaults

from organizations.models import User
from tests.people import signed_in


def failing(request: HttpRequest, kind: str) -> HttpResponse:
    raise {"400": SuspiciousOperation, "403": PermissionDenied, "500": RuntimeError}[kind]("secret-detail")


urlpatterns = [path("fail/<kind>/", failing), path("", include("coderadmin.urls"))]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def browser_of_member(member: User) -> Client:
    client = signed_in(member)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/fail/400/", 400, "could not be read"),
        ("/fail/403/", 403, "not open to you"),
        ("/no/such/page/", 404, "nothing at this address"),
        ("/fail/500/", 500, "went wrong on our side"),
    ],
)
def test_it_says_what_happened_and_leads_back(browser_of_member: Client, address: str, status: int, words: str) -> None:
    response = browser_of_member.get(address)
    assert response.status_code == status
    assert words in response.text
    assert 'href="/"' in response.text
    assert "· CoderAdmin</title>" in response.text


def test_a_refusal_shows_its_sentence_and_no_other_error_shows_its_own(browser_of_member: Client) -> None:
    assert "secret-detail" in browser_of_member.get("/fail/403/").text
    assert "secret-detail" not in browser_of_member.get("/fail/400/").text
    assert "secret-detail" not in browser_of_member.get("/fail/500/").text


def test_the_page_for_a_broken_server_needs_no_database() -> None:
    """No `db` fixture here: pytest-django would fail this test at the first query."""
    page = defaults.server_error(RequestFactory().get("/")).content.decode()
    assert "went wrong on our side" in page


def test_an_anonymous_person_learns_nothing_of_the_site_from_a_wrong_address(client: Client, db: None) -> None:
    page = client.get("/no/such/page/").text
    assert "nothing at this address" in page
    assert "<nav" not in page
    assert "/no/such/page/" not in page


def test_an_expired_form_leads_back_to_its_page(member: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")
    response = client.post("/account/password/", {})
    assert response.status_code == 403
    assert "form has expired" in response.text
    assert 'href="/account/password/"' in response.text
