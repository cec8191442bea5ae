"""What static/js/app.js adds, in a real browser under the real content security policy."""

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.django_db(transaction=True)


def ask_for_a_fragment(page: Page, address: str) -> None:
    page.evaluate("address => { htmx.ajax('GET', address, '#main').catch(() => {}) }", address)


def test_a_fragment_that_gets_no_answer_is_not_passed_over_in_silence(page: Page) -> None:
    page.goto("/sign-in/")
    page.route("**/gone/", lambda route: route.abort())
    ask_for_a_fragment(page, "/gone/")
    expect(page.locator("#messages")).to_contain_text("The server can't be reached")
    expect(page.get_by_label("E-mail")).to_be_visible()


def test_a_fragment_that_fails_is_not_passed_over_in_silence(page: Page) -> None:
    page.goto("/sign-in/")
    ask_for_a_fragment(page, "/no/such/page/")
    expect(page.locator("#messages")).to_contain_text("error 404")
    expect(page.get_by_label("E-mail")).to_be_visible()


def test_a_text_to_copy_that_came_later_can_be_copied_too(page: Page) -> None:
    block = render_to_string("includes/copy_block.html", {"id": "command", "label": "Command", "text": "helm <x>"})
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/sign-in/")
    page.route("**/block/", lambda route: route.fulfill(body=block, content_type="text/html"))
    ask_for_a_fragment(page, "/block/")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "helm <x>"


def test_an_ended_session_moves_the_page_to_sign_in(page: Page) -> None:
    page.goto("/no/such/page/")
    ask_for_a_fragment(page, "/account/")
    page.wait_for_url("**/sign-in/?next=%2Fno%2Fsuch%2Fpage%2F")
