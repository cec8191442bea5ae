"""A real browser: `page` is a fresh Chromium page on the live server, `browser` the running browser itself.

In `manager_page` and `page_without_script` a site manager is signed in.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from organizations.models import User
from tests.people import signed_in

EXECUTABLE = Path(os.environ.get("CODERADMIN_TEST_BROWSER", "/usr/bin/chromium-headless-shell"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
]
MISSING = f"no browser at {EXECUTABLE}: apt-get install chromium-headless-shell, or set CODERADMIN_TEST_BROWSER"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not longer than a module: its event loop would make every later `asyncio.run` in this thread fail."""
    if not EXECUTABLE.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    # Playwright's synchronous API runs an event loop in this thread, from which Django would refuse its database.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Browser, django_db_setup: None, live_server: Any) -> Iterator[Page]:
    """Addresses are relative to the live server. The test fails when the page reported an error to its console."""
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert not errors


def sign_in(context: BrowserContext, user: User, url: str) -> None:
    cookie = signed_in(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])


@pytest.fixture
def manager_page(page: Page, site_manager: User, live_server: Any) -> Page:
    sign_in(page.context, site_manager, live_server.url)
    return page


@pytest.fixture
def page_without_script(browser: Browser, site_manager: User, live_server: Any) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    sign_in(context, site_manager, live_server.url)
    yield context.new_page()
    context.close()
