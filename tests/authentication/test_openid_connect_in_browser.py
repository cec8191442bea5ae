"""Single sign-on as people do it: the site admin sets it up, tries it and switches it on; a member comes in by it."""

from typing import Any

from playwright.sync_api import Page, expect

from organizations.models import User
from tests.authentication.openid import CALLBACK, Provider
from tests.browser import sign_in
from tests.people import PASSWORD


def say_yes(page: Page, subject: str) -> None:
    """On the provider's page."""
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_the_whole_way(
    page: Page, provider_process: Provider, site_admin: User, member: User, live_server: Any
) -> None:
    client_id, secret = provider_process.register(f"{live_server.url}{CALLBACK}")
    provider_process.knows("browser-admin", email=site_admin.email, email_verified=True, groups=["ops"])
    provider_process.knows("browser-member", email=member.email, email_verified=True, groups=["watchers"])
    sign_in(page.context, site_admin, live_server.url)

    page.goto("/manage/admin/authentication/")
    page.get_by_role("link", name="Set up").click()
    page.get_by_label("Issuer").fill(provider_process.issuer)
    page.get_by_label("Client ID").fill(client_id)
    page.get_by_label("Client secret").fill("wrong")
    page.get_by_label("Claim of groups").fill("groups")
    page.get_by_label("Value 1", exact=True).fill("watchers")
    page.get_by_label("What value 1 gives").select_option("Auditor")
    page.get_by_role("button", name="Try and save").click()
    expect(page.get_by_text("does not know this client ID with this secret")).to_be_visible()
    expect(page.get_by_label("Client secret")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Client secret").fill(secret)
    page.get_by_role("button", name="Try and save").click()
    expect(page.get_by_text("was tried and is saved")).to_be_visible()

    page.get_by_role("link", name="Try it").click()
    say_yes(page, "browser-admin")
    expect(page.get_by_role("heading", name="The sign-in service works")).to_be_visible()
    expect(page.get_by_text("Link your account first.")).to_be_visible()
    page.get_by_role("link", name="Switch on").click()
    page.get_by_role("button", name="Switch on").click()

    page.goto("/account/link/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Sign in with single sign-on").click()
    say_yes(page, "browser-admin")
    expect(page.get_by_text("Your account is linked.")).to_be_visible()

    page.context.clear_cookies()
    page.goto("/account/")
    page.get_by_role("link", name="Sign in with single sign-on").click()
    say_yes(page, "browser-member")
    expect(page).to_have_url(f"{live_server.url}/account/")
    expect(page.get_by_role("banner").get_by_text("Auditor")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign out there, too").click()
    page.get_by_role("button", name="End session").click()
    expect(page).to_have_url(f"{live_server.url}/sign-in/")
