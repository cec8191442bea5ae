"""The provider pages in a real browser."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Request, expect

from providers.models import WorkspaceProvider
from tests.factories import make_operation, make_provider

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/manage/admin/workspace-providers/"


def asked(page: Page) -> list[str]:
    """The paths that the page asks the server for from now on."""
    paths: list[str] = []

    def note(request: Request) -> None:
        _, found, path = request.url.partition("/workspace-providers/")
        paths.extend([path] if found else [])

    page.on("request", note)
    return paths


def test_a_card_is_opened_by_keyboard_and_loads_its_body_once(manager_page: Page) -> None:
    provider = make_provider(name="sydney", namespace="coder-prod")
    manager_page.goto(LIST)
    paths = asked(manager_page)
    manager_page.locator("summary").focus()
    manager_page.keyboard.press("Enter")
    expect(manager_page.get_by_text("coder-prod")).to_be_visible()
    manager_page.keyboard.press("Enter")
    expect(manager_page.get_by_text("coder-prod")).to_be_hidden()
    manager_page.keyboard.press("Enter")
    expect(manager_page.get_by_text("coder-prod")).to_be_visible()
    assert paths == [f"{provider.pk}/"]
    assert manager_page.url.endswith(LIST)


def test_cards_that_come_open_are_not_loaded_again(manager_page: Page) -> None:
    provider = make_provider()
    paths = asked(manager_page)
    manager_page.goto(f"{LIST}?expanded={provider.pk}", wait_until="networkidle")
    manager_page.get_by_role("link", name="Expand all").click()
    expect(manager_page.get_by_text("Cluster address")).to_have_count(1)
    manager_page.wait_for_load_state("networkidle")
    assert paths == [f"?expanded={provider.pk}", "?expand=all"]


def test_typing_searches_keeps_the_filter_and_changes_the_address(manager_page: Page) -> None:
    make_provider(name="blue-1", status="error")
    make_provider(name="blue-2")
    make_provider(name="red", status="error")
    manager_page.goto(LIST)
    manager_page.get_by_role("link", name="Error 2").click()
    expect(manager_page.locator("h2")).to_have_text(["blue-1", "red"])
    manager_page.get_by_role("searchbox").press_sequentially("blue")
    expect(manager_page.locator("h2")).to_have_text(["blue-1"])
    expect(manager_page.get_by_role("searchbox")).to_be_focused()
    assert "q=blue" in manager_page.url
    assert "status=error" in manager_page.url
    manager_page.go_back()
    manager_page.get_by_role("link", name="All 3").click()
    expect(manager_page.locator("h2")).to_have_count(3)


def test_all_cards_are_expanded_and_collapsed(manager_page: Page) -> None:
    make_provider(namespace="one")
    make_provider(namespace="two")
    manager_page.goto(LIST)
    manager_page.get_by_role("link", name="Expand all").click()
    expect(manager_page.get_by_text("Cluster address")).to_have_count(2)
    manager_page.get_by_role("link", name="Collapse all").click()
    expect(manager_page.get_by_text("Cluster address")).to_have_count(0)


def test_a_change_reaches_the_chip_and_the_open_card(manager_page: Page) -> None:
    provider = make_provider()
    manager_page.goto(f"{LIST}?expanded={provider.pk}")
    WorkspaceProvider.objects.update(status="error", reason="dns_failed", status_since=timezone.now())
    expect(manager_page.locator(".chip.error")).to_be_visible(timeout=15_000)
    expect(manager_page.locator(".why")).to_contain_text("can't be resolved")


def test_check_now_waits_in_place_for_the_outcome(manager_page: Page) -> None:
    make_provider(status="error", reason="dns_failed")
    manager_page.goto(f"{LIST}?expand=all")
    manager_page.get_by_role("button", name="Check now").click()
    expect(manager_page.get_by_text("Checking now")).to_be_visible()
    after = timezone.now() + timedelta(seconds=1)
    WorkspaceProvider.objects.update(status="ready", reason="", last_check_at=after)
    expect(manager_page.get_by_text("Checking now")).to_be_hidden()
    expect(manager_page.locator(".chip.ready")).to_be_visible()
    expect(manager_page.locator(".why")).to_have_count(0)
    assert manager_page.url.endswith("?expand=all")


def test_the_card_is_loaded_again_when_its_operation_ends(manager_page: Page) -> None:
    operation = make_operation(make_provider(release_revision=3), state="running", started_at=timezone.now())
    manager_page.goto(f"{LIST}?expand=all")
    expect(manager_page.get_by_text("revision 3")).to_be_visible()
    WorkspaceProvider.objects.update(release_revision=4)
    type(operation).objects.update(state="succeeded", finished_at=timezone.now())
    expect(manager_page.get_by_text("revision 4")).to_be_visible()
    expect(manager_page.get_by_role("link", name="Redeploy")).to_be_visible()


def test_new_lines_of_a_log_join_those_that_are_there_until_its_end(manager_page: Page) -> None:
    operation = make_operation(state="running", started_at=timezone.now(), lines=["first"])
    manager_page.goto(f"{LIST}operations/{operation.pk}/")
    log, cancel = manager_page.get_by_role("list", name="Log"), manager_page.get_by_role("button", name="Cancel")
    log.evaluate("log => { log.firstElementChild.title = 'the very same'; }")
    cancel.focus()
    for text in ("second", "third"):
        operation.lines.create(text=text)
        expect(log).to_contain_text(text)
        expect(manager_page.get_by_role("status").get_by_text(f"Note: {text}")).to_be_attached()
    expect(log.get_by_role("listitem").locator("div")).to_have_text(["first", "second", "third"])
    expect(log.locator("li").last).to_have_text("Working")
    expect(log.locator("li").first).to_have_attribute("title", "the very same")
    expect(cancel).to_be_focused()
    type(operation).objects.update(state="succeeded", finished_at=timezone.now())
    expect(manager_page.locator("section.op .state")).to_have_text("Succeeded")
    paths = asked(manager_page)
    manager_page.wait_for_timeout(1500)
    assert paths == []


def test_without_javascript_everything_is_a_link(page_without_script: Page) -> None:
    make_provider(name="sydney", namespace="coder-prod")
    make_provider(name="europe")
    page = page_without_script
    page.goto(LIST)
    page.get_by_role("searchbox").fill("syd")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("h2")).to_have_text(["sydney"])
    page.locator("summary").click()
    page.get_by_role("link", name="Open the page of sydney").click()
    expect(page.get_by_text("coder-prod")).to_be_visible()
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("sydney is being checked now.")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_longest_texts_fit_the_page(manager_page: Page, width: int) -> None:
    provider = make_provider(
        name="n" * 63,
        hostname=f"https://{'h' * 63}.{'h' * 63}.{'h' * 63}.example.com",
        cluster_address=f"https://{'c' * 63}.{'c' * 63}.{'c' * 63}.example.com",
        namespace="s" * 63,
        cordoned_at=timezone.now(),
        cordon_reason="W" * 255,
        status="error",
        message="M" * 500,
    )
    manager_page.set_viewport_size({"width": width, "height": 900})
    for page in ("?expand=all", f"{provider.pk}/cordon/", f"{provider.pk}/delete/", f"{provider.pk}/command/"):
        manager_page.goto(f"{LIST}{page}")
        assert manager_page.evaluate("document.documentElement.scrollWidth") <= width
