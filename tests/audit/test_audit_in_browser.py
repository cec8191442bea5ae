"""Manage > Audit with a real browser, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import Page, expect

from organizations.models import User
from tests.audit.events import make_event
from tests.factories import make_provider

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(transactional_db: None) -> None:
    for number in range(60):
        make_event(action="provider.check", target=User(email=f"number-{number}."))
    make_event(action="provider.cordon", target=make_provider(name="sydney"), after={"reason": "disk is full"})


def test_one_filters_by_typing_and_goes_on_to_older_events(told: None, manager_page: Page) -> None:
    manager_page.goto("/manage/audit/")
    manager_page.get_by_label("Search").press_sequentially("sydney")
    expect(manager_page.locator(".event")).to_have_count(1)
    expect(manager_page).to_have_url(re.compile("q=sydney"))
    manager_page.get_by_text("1 field").click()
    expect(manager_page.get_by_role("cell", name="disk is full")).to_be_visible()
    manager_page.get_by_label("Search").fill("")
    manager_page.get_by_label("Action").select_option("provider.check")
    expect(manager_page.locator(".event")).to_have_count(50)
    manager_page.get_by_role("link", name="Older").click()
    expect(manager_page.locator(".event")).to_have_count(10)
    expect(manager_page.get_by_label("Action")).to_have_value("provider.check")
    manager_page.get_by_role("link", name="Newer").click()
    expect(manager_page.locator(".event")).to_have_count(50)


@pytest.mark.parametrize("address", ["/manage/audit/", "/manage/users/", "/environments/?q=nothing"])
def test_leaving_the_search_field_asks_nothing_anew(address: str, told: None, manager_page: Page) -> None:
    """What was opened in the list meanwhile would close."""
    manager_page.goto(address)
    asked: list[str] = []
    manager_page.on("request", lambda request: asked.append(request.url))
    search, choice = manager_page.locator("main input[type=search]"), manager_page.locator("main form select").first
    with manager_page.expect_response(re.compile("q=sydney")):
        search.fill("sydney")
    search.blur()
    with manager_page.expect_response(re.compile(f"{choice.get_attribute('name')}=[^&]")):
        choice.select_option(index=1)
    assert len(asked) == 2, asked


def test_without_script_the_form_and_the_links_do_the_same(told: None, page_without_script: Page) -> None:
    page = page_without_script
    page.goto("/manage/audit/")
    page.get_by_label("Action").select_option("provider.cordon")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".event")).to_have_count(1)
    page.get_by_role("link", name="History of sydney").click()
    expect(page.get_by_text("Only provider sydney")).to_be_visible()
    page.get_by_role("link", name="sydney", exact=True).click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_stands_out_of_the_page(width: int, manager_page: Page, told: None) -> None:
    make_event(target=User(email="x" * 200 + "@example.com"), after={"y" * 60: "z" * 300})
    manager_page.set_viewport_size({"width": width, "height": 900})
    manager_page.goto("/manage/audit/")
    manager_page.get_by_text("1 field").first.click()
    assert manager_page.evaluate("document.documentElement.scrollWidth") <= width
