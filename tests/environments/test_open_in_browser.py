"""From the sign-in page to an environment in a real browser: envproxy is another origin than our pages."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from environments.models import Environment, EnvironmentSession
from providers.tokens import digest_of
from tests.factories import make_environment, make_provider
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


class Envproxy(BaseHTTPRequestHandler):
    """Asks for a sign-in, and shows the environment to whoever comes back with a ticket."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/proxy/environments/"):
            environment, _, rest = parts.path.removeprefix("/proxy/environments/").partition("/")
            back = urlencode({"state": "s" * 32, "path": rest})
            self.send_response(302)
            self.send_header("Location", f"{self.server.access_url}/environments/{environment}/open/?{back}")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>The environment</h1>")

    def log_message(self, *_: object) -> None:
        """Nothing: the test looks at the page."""


@pytest.fixture
def envproxy_url(live_server: Any) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Envproxy) as server:
        server.access_url = live_server.url  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def environment(envproxy_url: str) -> Environment:
    return make_environment(make_provider(hostname=envproxy_url, last_beat_at=timezone.now()), name="dev")


def expect_environment(page: Page) -> None:
    """The ticket that the browser brought there is the newest one."""
    expect(page.get_by_role("heading", name="The environment")).to_be_visible()
    sent = parse_qs(urlsplit(page.url).query)
    assert EnvironmentSession.objects.latest("pk").ticket_digest == digest_of(sent["ticket"][0])


def sign_in(page: Page, environment: Environment) -> None:
    page.get_by_label("E-mail").fill(environment.owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("script", [True, False])
def test_who_has_to_sign_in_gets_there(
    script: bool, browser: Browser, django_db_setup: None, live_server: Any, environment: Environment
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=script)
    page = context.new_page()
    page.goto(reverse("environments:environment_open", args=[environment.pk]) + "?path=a/b")
    sign_in(page, environment)
    expect_environment(page)
    assert parse_qs(urlsplit(page.url).query)["path"] == ["a/b"]
    context.close()


def test_the_link_of_the_list_leads_there(page: Page, environment: Environment) -> None:
    page.goto(reverse("organizations:sign_in") + "?next=" + reverse("environments:environment_list"))
    sign_in(page, environment)
    page.get_by_role("link", name="Open dev").click()
    expect_environment(page)
