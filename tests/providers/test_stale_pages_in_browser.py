"""Pages that the world has overtaken: double clicks, deleted providers, an absent server, in a real browser."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from providers.models import Operation, WorkspaceProvider
from tests.factories import make_operation, make_provider

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/manage/admin/workspace-providers/"
CLICK_TWICE = """() => {
  const form = document.querySelector(".provider-form");
  let sent = 0;
  form.addEventListener("submit", (event) => { sent += 1; event.preventDefault(); });
  form.querySelector(".btn.main").click();
  form.querySelector(".btn.main").click();
  return sent;
}"""


def test_an_impatient_click_does_not_send_the_form_again(manager_page: Page) -> None:
    manager_page.goto(f"{LIST}new/")
    assert manager_page.evaluate(CLICK_TWICE) == 1


def test_a_form_can_be_sent_again_after_its_answer(manager_page: Page) -> None:
    provider = make_provider()
    manager_page.goto(f"{LIST}{provider.pk}/cordon/")
    manager_page.get_by_role("button", name="Cordon").click()
    expect(manager_page.get_by_text("This field is required")).to_be_visible()
    manager_page.get_by_label("Reason").fill("upgrade")
    manager_page.get_by_role("button", name="Cordon").click()
    expect(manager_page.locator("#messages")).to_contain_text("is cordoned by")


def test_check_now_keeps_the_keyboard_where_it_is_and_is_sent_once(manager_page: Page) -> None:
    make_provider()
    manager_page.goto(f"{LIST}?expand=all")
    button = manager_page.get_by_role("button", name="Check now")
    button.press("Enter")
    expect(manager_page.get_by_text("Checking now")).to_be_visible()
    expect(button).to_be_focused()
    asked_at = WorkspaceProvider.objects.get().check_requested_at
    button.press("Enter")
    manager_page.wait_for_load_state("networkidle")
    assert WorkspaceProvider.objects.get().check_requested_at == asked_at


def test_the_card_of_a_deleted_provider_says_so(manager_page: Page) -> None:
    operation = make_operation(make_provider(), kind="delete", state="running", started_at=timezone.now())
    manager_page.goto(f"{LIST}?expand=all")
    expect(manager_page.locator(".op")).to_be_visible()
    WorkspaceProvider.objects.all().delete()
    Operation.objects.filter(pk=operation.pk).update(state="succeeded", finished_at=timezone.now())
    expect(manager_page.locator(".card")).to_have_text("This provider was deleted in the meantime.")
    expect(manager_page.locator("#messages")).to_be_empty()


def test_what_is_said_of_an_absent_server_ends_when_it_is_back(manager_page: Page) -> None:
    make_provider()
    manager_page.goto(LIST)
    manager_page.route("**/chips/**", lambda route: route.abort())
    trouble = manager_page.get_by_text("The server can't be reached")
    expect(trouble).to_be_visible(timeout=15_000)
    manager_page.unroute("**/chips/**")
    expect(trouble).to_be_hidden(timeout=15_000)
