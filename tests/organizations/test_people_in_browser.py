"""From a new organization to a person who works in it, with a real browser."""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Error, Page, expect

from organizations.models import Membership, Organization, User
from tests.factories import make_built_in, make_environment
from tests.people import PASSWORD, add_member, make_organization, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def create_organization(page: Page) -> None:
    page.goto("/manage/organizations/")
    page.get_by_role("link", name="New organization").click()
    page.get_by_role("textbox", name="Name").fill("Platform")
    page.get_by_label("CPU cores").fill("8")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Platform")


def create_user(page: Page) -> str:
    """The temporary password."""
    page.goto("/manage/users/")
    page.get_by_role("link", name="New user").click()
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ada@example.com has an account")
    return page.locator("#password").inner_text()


def test_a_site_manager_makes_an_organization_and_a_person_who_changes_the_password(
    manager_page: Page, browser: Browser, live_server: Any
) -> None:
    make_built_in()
    create_organization(manager_page)
    password = create_user(manager_page)
    manager_page.get_by_role("link", name="Organizations").click()
    manager_page.get_by_role("link", name="Platform").click()
    manager_page.get_by_role("link", name="Add a member").first.click()
    manager_page.get_by_label("E-mail").fill("ada@example.com")
    manager_page.get_by_role("button", name="Add").click()
    expect(manager_page.get_by_role("row", name=re.compile("ada@example.com"))).to_be_visible()

    own = browser.new_context(base_url=live_server.url).new_page()
    own.goto("/account/")
    own.get_by_label("E-mail").fill("ada@example.com")
    own.get_by_label("Password").fill(password)
    own.keyboard.press("Enter")
    expect(own.get_by_role("heading", level=1)).to_have_text("Change your password")
    own.goto("/account/")
    expect(own.get_by_role("heading", level=1)).to_have_text("Change your password")
    own.get_by_label("Current password").fill(password)
    own.get_by_label("New password", exact=True).fill(PASSWORD)
    own.get_by_label("New password, again").fill(PASSWORD)
    own.get_by_role("button", name="Change password").click()
    expect(own.get_by_role("heading", level=1)).to_have_text("Your account")
    expect(own.get_by_text("Platform")).to_be_visible()
    own.context.close()
    assert Membership.objects.get().user == User.objects.get(email="ada@example.com")


def test_going_back_does_not_show_the_password_again(manager_page: Page) -> None:
    assert create_user(manager_page)
    manager_page.get_by_role("link", name="Open the account").click()
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # the browser would have to send the form again
        manager_page.go_back()


def test_typing_narrows_the_list_and_the_address_keeps_it(manager_page: Page) -> None:
    make_user(email="ada@example.com")
    make_user(email="grace@example.com")
    manager_page.goto("/manage/users/")
    manager_page.get_by_role("searchbox").press_sequentially("grace")
    expect(manager_page.get_by_role("link", name="ada@example.com")).to_have_count(0)
    expect(manager_page.get_by_role("link", name="grace@example.com")).to_be_visible()
    manager_page.get_by_label("State").select_option("Deactivated")
    expect(manager_page.get_by_role("heading", name="No user matches")).to_be_visible()
    manager_page.reload()
    expect(manager_page.get_by_role("searchbox")).to_have_value("grace")
    expect(manager_page.get_by_label("State")).to_have_value("deactivated")


def test_it_works_without_script(page_without_script: Page) -> None:
    make_organization(name="Coder", is_default=True)
    create_organization(page_without_script)
    page_without_script.get_by_role("link", name="Delete").click()
    page_without_script.get_by_role("button", name="Delete").click()
    expect(page_without_script.get_by_text("Platform is deleted.")).to_be_visible()
    page_without_script.goto("/manage/users/")
    page_without_script.get_by_label("Site role").select_option("Auditor")
    page_without_script.get_by_role("button", name="Search").click()
    expect(page_without_script.get_by_role("heading", name="No user matches")).to_be_visible()


def test_long_words_need_no_sideways_scrolling_in_a_narrow_window(manager_page: Page) -> None:
    default = make_organization(name="default", is_default=True)
    organization = make_organization(name="W" * 64, description="w" * 255, quota_gpus=0)
    user = make_user(email="a" * 60 + "@" + "b" * 60 + ".example.com", name="N" * 150, is_active=False)
    add_member(organization, user)
    make_environment(organization=organization, owner=user, name="e" * 40)
    manager_page.set_viewport_size({"width": 390, "height": 800})
    names = ["detail", "environments", "providers", "update", "set_default", "delete"]
    pages = [reverse(f"organizations:organization_{name}", args=[organization.pk]) for name in names]
    pages += [reverse(f"organizations:user_{name}", args=[user.pk]) for name in ("detail", "set_organizations")]
    pages += [reverse("organizations:member_add", args=[organization.pk])]
    pages += [reverse("organizations:member_remove", args=[organization.pk, user.pk])]
    for path in ("/manage/organizations/", "/manage/users/", "/manage/users/new/", *pages):
        manager_page.goto(path)
        assert manager_page.evaluate("document.documentElement.scrollWidth") == 390, path
    assert Organization.objects.get(is_default=True) == default
