"""Passkeys in a real Chromium, with an authenticator that it pretends to have."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from organizations.models import User
from tests.authentication.things import code_of
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db(transaction=True)
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@pytest.fixture
def person(transactional_db: None) -> User:
    return make_user(email="grace@example.com")


@pytest.fixture
def address(live_server: Any) -> str:
    """Browsers know passkeys of names only, and without TLS of this one only."""
    return str(live_server.url).replace("127.0.0.1", "localhost")


@pytest.fixture
def device(page: Page) -> str:
    developer = page.context.new_cdp_session(page)
    developer.send("WebAuthn.enable")
    return str(developer.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"])


def sign_in(page: Page, address: str, person: User) -> None:
    page.goto(f"{address}/sign-in/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def add_passkey(page: Page, address: str) -> None:
    page.goto(f"{address}/account/second-factors/passkey/")
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_a_passkey_is_added_and_signs_in(page: Page, address: str, device: str, person: User) -> None:
    sign_in(page, address, person)
    add_passkey(page, address)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("rowheader", name="Passkey “laptop”")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, address, person)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("link", name="Your account")).to_be_visible()
    assert Authenticator.objects.get(type="webauthn").user == person


def test_without_the_device_the_browser_gives_nothing_and_the_page_says_so(
    page: Page, address: str, device: str, person: User
) -> None:
    sign_in(page, address, person)
    add_passkey(page, address)
    page.get_by_role("button", name="Sign out").click()
    developer = page.context.new_cdp_session(page)
    developer.send("WebAuthn.enable")
    developer.send("WebAuthn.clearCredentials", {"authenticatorId": device})
    sign_in(page, address, person)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The browser gave no passkey")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_an_app_is_added_from_its_key_without_script(browser: Any, address: str, person: User) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, address, person)
    page.goto(f"{address}/account/second-factors/app/")
    assert page.get_by_role("img", name="QR code").evaluate("image => image.naturalWidth") > 100
    secret = re.sub(r"\s", "", page.locator("#secret").inner_text())
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Add the app").click()
    expect(page.locator("#codes")).to_have_text(re.compile(r"(\d{8}\s*){10}"))
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, address, person)
    page.get_by_label("Code").fill(code_of(secret, periods=1))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Your account")).to_be_visible()
    context.close()
