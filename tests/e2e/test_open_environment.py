"""Opening an environment of the demo: the pages, envproxy, the ingress and the environment itself, in a browser."""

import re

from playwright.sync_api import expect

from tests.e2e.site import LIST, Site


def test_a_new_environment_opens_through_its_provider_s_envproxy(site: Site) -> None:
    page = site.page
    page.goto(f"{LIST}?q=sydney")
    expect(page.locator(".chip").first).to_contain_text("ready", timeout=60_000)
    page.goto("/environments/new/")
    page.get_by_label("Name").fill("opened")
    page.get_by_label("Image", exact=True).fill("codercom/enterprise-base")
    page.locator("label", has_text="sydney").click()
    page.get_by_role("button", name="Create environment").click()
    expect(page.locator(".head .chip")).to_have_text("On", timeout=30_000)

    page.reload()
    page.get_by_role("link", name="Open", exact=True).click()
    expect(page).to_have_url(re.compile(r"^http://sydney\.localhost:\d+/proxy/environments/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading")).to_contain_text("opened")
    page.get_by_label("Say something").fill("hello")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("It answers: hello")).to_be_visible()
