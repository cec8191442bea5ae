"""From the form of a site manager by a real mail to a person who signs in, with a real browser."""

import threading
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from tests.organizations.mails import Post
from tests.organizations.smtp import Server
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


def deliver(post: Post) -> None:
    """In a thread of its own, as a worker: the server of the mails runs in another one."""

    def work() -> None:
        post.work()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def choose(page: Page, link: str, password: str) -> None:
    page.goto(link)
    assert page.url.endswith("/set-password/"), "the token has left the address"
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password, again").fill(password)
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_text("Your password is saved.")).to_be_visible()


def sign_in(page: Page, password: str) -> None:
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_person_is_invited_comes_in_and_forgets_the_password(
    manager_page: Page, browser: Browser, live_server: Any, post: Post, smtp: Server
) -> None:
    cache.clear()
    manager_page.goto("/manage/users/")
    manager_page.get_by_role("link", name="New user").click()
    manager_page.get_by_label("E-mail", exact=True).fill("ada@example.com")
    expect(manager_page.get_by_label("Send an invitation by e-mail")).to_be_checked()
    manager_page.get_by_role("button", name="Create").click()
    expect(manager_page.get_by_text("An invitation is sent to ada@example.com.")).to_be_visible()
    deliver(post)
    manager_page.reload()
    expect(manager_page.get_by_text("not accepted yet")).to_be_visible()

    own = browser.new_context(base_url=live_server.url).new_page()
    link = smtp.link()
    choose(own, link, PASSWORD)
    sign_in(own, PASSWORD)
    manager_page.reload()
    expect(manager_page.get_by_text("accepted ")).to_be_visible()
    own.get_by_role("button", name="Sign out").click()
    own.goto(link)
    expect(own.get_by_role("heading", name="This link has ended")).to_be_visible()

    own.get_by_role("link", name="Sign in").click()
    own.get_by_role("link", name="Forgot your password?").click()
    own.get_by_label("E-mail").fill("ada@example.com")
    own.get_by_role("button", name="Send the link").click()
    expect(own.get_by_text("a mail with a link is on its way")).to_be_visible()
    deliver(post)
    choose(own, smtp.link(), f"another {PASSWORD}")
    sign_in(own, f"another {PASSWORD}")
    own.context.close()
