"""What a site manager does on the pages, in a real browser."""

import re

from playwright.sync_api import Locator, Page, expect

LIST = "/manage/admin/workspace-providers/"
ENDED = re.compile("Succeeded|Failed|Cancelled")


class Site:
    """One signed-in person's browser. Times are seconds to wait at most."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def register(self, name: str, kubeconfig: str, namespace: str) -> str:
        """Register by a pasted kubeconfig and wait for the pre-flight; the address of the provider's page."""
        self.page.goto(f"{LIST}new/")
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_role("textbox", name="Kubeconfig").fill(kubeconfig)
        self.page.get_by_label("Namespace").fill(namespace)
        self.page.get_by_role("button", name="Register").click()
        expect(self.operation).to_contain_text("Pre-flight")
        expect(self.operation).to_contain_text(ENDED, timeout=20_000)
        expect(self.operation).to_contain_text("Succeeded")
        return self.page.url

    def deploy(self, provider: str) -> None:
        """Press Deploy and confirm."""
        self.page.goto(f"{provider}deploy/")
        self.page.get_by_role("button", name=re.compile("^(Deploy|Redeploy)")).click()
        self.page.wait_for_url(provider)

    def wait_for_end(self, outcome: str, seconds: float = 60) -> None:
        expect(self.operation).to_contain_text(ENDED, timeout=seconds * 1000)
        expect(self.operation).to_contain_text(outcome)

    def expect_status(self, provider: str, status: str, seconds: float) -> None:
        """The list's chip turns by itself: no reload."""
        name = self.page.goto(provider) and self.page.locator(".card h2, .card h1").first.inner_text()
        self.page.goto(f"{LIST}?q={name}")
        expect(self.page.locator(".chip").first).to_contain_text(status, timeout=seconds * 1000)

    def set_image(self, provider: str, image: str) -> None:
        self._edit(provider, "Envproxy image", image)

    def set_storage_class(self, provider: str, name: str) -> None:
        self._edit(provider, "Storage class", name)

    def _edit(self, provider: str, label: str, text: str) -> None:
        """One field, which may be in a closed part of the form."""
        self.page.goto(f"{provider}edit/")
        field = self.page.get_by_label(label)
        part = self.page.locator("details", has=field)
        if part.count() and part.first.get_attribute("open") is None:
            part.first.locator("summary").click()
        field.fill(text)
        self.page.get_by_role("button", name="Save").click()
        self.page.wait_for_url(provider)

    def delete(self, provider: str) -> None:
        self.page.goto(f"{provider}delete/")
        self.page.get_by_role("button", name=re.compile("^Delete")).click()

    @property
    def operation(self) -> Locator:
        return self.page.locator(".op").first
