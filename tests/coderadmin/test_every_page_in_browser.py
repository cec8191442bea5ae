"""Every page that the resolver knows, in a real browser: nothing on it that the Content-Security-Policy stops.

What the headers of all other answers are is asked in the walks (tests/test_walk.py and those of the two APIs).
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from django.urls import include, path
from playwright.sync_api import Browser, ConsoleMessage, Page

from organizations.models import User
from tests.browser import sign_in
from tests.coderadmin.test_error_pages import failing
from tests.headers import missing_headers
from tests.people import signed_in
from tests.permissions import MATRIX, YES
from tests.test_walk import addresses
from tests.world import World, make_people, make_world

REPORT = """document.addEventListener("securitypolicyviolation", event =>
    console.error(`Content Security: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"""
LOUD = ("error", "warning")
OPEN_TO_ALL = ("/sign-in/", "/api/docs", "/api/docs/try")
ERRORS = ("/fail/400/", "/fail/403/", "/no/such/page/", "/fail/429/", "/fail/500/")


def locked(request: HttpRequest) -> HttpResponse:
    return render(request, "429.html", {"minutes": 15}, status=429)


handler500 = "coderadmin.failures.server_error"
urlpatterns = [
    path("fail/429/", locked),
    path("fail/<kind>/", failing),
    path("", include("coderadmin.urls")),
]


class Reader:
    """A browser that keeps what its pages say of trouble."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        page.add_init_script(REPORT)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        """But not that a page's own status is an error, nor that a provider of the world has no real host."""
        where = message.location["url"]
        is_known = where in (self.page.url, "") or "quokka" in where or ".example" in where
        if message.type in LOUD and not (message.text.startswith("Failed to load resource") and is_known):
            self.said.append(message.text)

    def look(self, address: str) -> list[str]:
        """What is wrong with a page once it has loaded."""
        self.said.clear()
        answer = self.page.goto(address)
        assert answer
        names = {name.title(): value for name, value in answer.headers.items()}
        return [f"{address}: {each}" for each in [*self.said, *missing_headers(names)]]


@pytest.fixture
def reader(browser: Browser, transactional_db: None, live_server: Any) -> Iterator[Reader]:
    context = browser.new_context(base_url=live_server.url)
    yield Reader(context.new_page())
    context.close()


def pages(client: Client, world: World) -> list[str]:
    """All that a browser shows as a page to a site admin who is among the support staff."""
    found = []
    for address in addresses():
        row = MATRIX.get(address.name)  # none for the pages of this test
        if row and (row.expected("site_admin", "GET") == YES or address.name.startswith("admin:")):
            answer = client.get(address.path(world))
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                found.append(address.path(world))
    return found


@pytest.mark.urls(__name__)
def test_no_page_has_what_its_policy_stops(reader: Reader, live_server: Any) -> None:
    wrong = [each for address in [*OPEN_TO_ALL, *ERRORS] for each in reader.look(address)]
    world = make_world()
    admin = make_people(world)["site_admin"]
    admin.groups.add(*Group.objects.all())
    User.objects.filter(pk=admin.pk).update(is_staff=True)
    sign_in(reader.page.context, admin, live_server.url)
    shown = [*pages(signed_in(admin), world), *ERRORS]
    for address in shown:
        wrong += reader.look(address)
    assert not wrong, "\n".join(wrong)
    assert len(shown) > 60


def test_what_the_policy_stops_would_be_seen(reader: Reader) -> None:
    assert not reader.look("/sign-in/")
    with reader.page.expect_console_message(lambda message: message.text.startswith("Content Security: script-src")):
        reader.page.evaluate("document.head.append(Object.assign(document.createElement('script'), {text: '1'}))")


def test_an_answer_that_never_gets_to_a_page_has_the_headers_too(db: None) -> None:
    answers = [Client().get("/healthz"), Client().get("/readyz"), Client(headers={"host": "evil.example"}).get("/")]
    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert not [name for answer in answers for name in missing_headers(answer.headers)]
