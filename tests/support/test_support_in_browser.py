"""Every page of /support/ in a real browser: nothing on it breaks our content security policy, and it fits a phone."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from organizations.support.helping import address_of
from providers.models import Operation
from tests.browser import sign_in
from tests.factories import make_operation, make_provider
from tests.people import make_support_person
from tests.support.things import every_address
from tests.world import make_world


@pytest.fixture
def helper_page(page: Page, live_server: Any) -> Page:
    """Fails at its end when the browser said anything about our content security policy."""
    sign_in(page.context, make_support_person(email="support@example.com"), live_server.url)
    return page


def test_no_page_breaks_the_content_security_policy(helper_page: Page) -> None:
    make_provider(status="error", message="The certificate has expired.")
    helper_page.set_viewport_size({"width": 390, "height": 800})
    for address in every_address(make_world()):
        assert helper_page.goto(address).ok, address
        assert not helper_page.locator("main [style]:not(img)").count(), address
        wide = helper_page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, address


def test_one_gets_from_the_trouble_to_the_remedy_with_the_keyboard_alone(helper_page: Page) -> None:
    failed = make_operation(state="failed", finished_at=timezone.now(), error_text="No room.")
    helper_page.goto("/support/")
    for name in (str(failed), "Retry"):
        helper_page.get_by_role("link", name=name, exact=True).focus()
        helper_page.keyboard.press("Enter")
    helper_page.get_by_role("button", name="Retry").focus()
    helper_page.keyboard.press("Enter")
    helper_page.get_by_role("status").get_by_text("is queued again").wait_for()
    assert Operation.objects.exclude(pk=failed.pk).get().requested_by_name == "support@example.com"
    assert helper_page.url.endswith(address_of(failed))
