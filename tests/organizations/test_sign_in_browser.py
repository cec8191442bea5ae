"""Signing in with a real browser."""

import pytest
from playwright.sync_api import Page, expect

from organizations.models import User
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_can_be_done_by_keyboard_only(page: Page, member: User) -> None:
    page.goto("/account/")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(member.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for link in ("API tokens", "Sessions", "Second factors", "Change password"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=link)).to_be_focused()


def test_a_failure_is_announced_and_the_email_stays(page: Page, member: User) -> None:
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill(member.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    expect(page.get_by_label("E-mail")).to_have_value(member.email)
    expect(page.get_by_label("Password")).to_have_value("")


@pytest.mark.parametrize("address", ["/sign-in/", "/account/", "/account/password/", "/", "/no/such/page/"])
def test_a_narrow_window_needs_no_sideways_scrolling(page: Page, address: str) -> None:
    long_name = User.objects.create_user("a-very-long-name-" * 3 + "@" + "subdomain." * 8 + "example.com", PASSWORD)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/sign-in/")
    if address != "/sign-in/":
        page.get_by_label("E-mail").fill(long_name.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("/environments/")
        page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
