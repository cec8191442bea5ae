"""A change of the access URL from plan to end, in a real browser. What workers and clusters do, the test does."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from audit.services import SYSTEM
from infrastructure import services
from infrastructure.choices import ChangeState
from infrastructure.models import AccessURLChange, Rollout
from infrastructure.services.checking import check_change
from providers.choices import CredentialKind, OperationState
from tests.factories import make_provider
from tests.infrastructure.rollouts import (
    NEW,
    OLD,
    advance,
    beat,
    check,
    checked_change,
    confirm,
    end_deploy,
    rollout_of,
    step_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
INFRASTRUCTURE = "/manage/admin/infrastructure/"


@pytest.fixture(autouse=True)
def deployment(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its two addresses exist on paper only, so that the check finds all well."""
    settings.ACCESS_URL = OLD
    monkeypatch.setattr("infrastructure.services.checking.examine_address", lambda url, **_: [])


def plan(page: Page) -> AccessURLChange:
    page.goto(INFRASTRUCTURE)
    page.get_by_role("link", name="Change access URL").click()
    page.get_by_label("New access URL").fill("dev.example.com")
    page.get_by_role("button", name="Plan the change").click()
    return AccessURLChange.objects.get()


def switch(page: Page, change: AccessURLChange) -> Rollout:
    check_change(change.pk)
    page.get_by_role("link", name="Switch").click()
    page.get_by_role("checkbox", name="I have read the warnings").check()
    page.get_by_role("button", name="Switch").click()
    expect(page.get_by_text("0 of 2 done", exact=True)).to_be_visible()
    return advance(rollout_of(change))


def test_from_plan_to_finish(manager_page: Page) -> None:
    make_provider(name="sydney")
    make_provider(name="theirs", credential_kind=CredentialKind.ENROLMENT)
    change = plan(manager_page)
    expect(manager_page.get_by_text("Nothing is changed yet.")).to_be_visible()
    expect(manager_page.get_by_text("Being checked", exact=True)).to_be_visible()
    rollout = switch(manager_page, change)
    expect(manager_page.get_by_text("0 of 2 done, 2 under way", exact=True)).to_be_visible()
    confirm(rollout, "sydney")
    expect(manager_page.get_by_text("1 of 2 done, 1 under way", exact=True)).to_be_visible()
    beat("theirs", NEW)
    advance(rollout)
    check("theirs")
    advance(rollout)
    expect(manager_page.get_by_text("after you finish")).to_be_visible()
    assert manager_page.locator("[hx-trigger]").count() == 0
    manager_page.get_by_role("link", name="Finish").click()
    manager_page.get_by_role("button", name="Finish").click()
    expect(manager_page.get_by_text(f"{OLD} is refused.")).to_be_visible()
    change.refresh_from_db()
    assert change.state == ChangeState.FINISHED


def test_all_of_it_without_script(page_without_script: Page) -> None:
    page = page_without_script
    make_provider(name="sydney")
    make_provider(name="tokyo")
    change = plan(page)
    check_change(change.pk)
    page.get_by_role("link", name="Refresh").click()
    rollout = switch(page, change)
    canary = rollout.steps.get(is_canary=True)
    end_deploy(canary, OperationState.FAILED, "The image can't be pulled.")
    advance(rollout)
    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("link", name=f"Skip {canary.provider_name}").click()
    page.get_by_label("Reason").fill("shut down")
    page.get_by_role("button", name="Skip").click()
    confirm(advance(advance(rollout)), rollout.steps.get(is_canary=False).provider_name)
    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("link", name="Roll back").click()
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("Rolling back.")).to_be_visible()


def test_what_is_open_and_where_the_keyboard_is_stay_while_rows_move(manager_page: Page) -> None:
    make_provider(name="sydney")
    make_provider(name="theirs", credential_kind=CredentialKind.ENROLMENT)
    change = checked_change()
    rollout = advance(services.switch(actor=SYSTEM, change=change).rollouts.get())
    manager_page.goto(f"{INFRASTRUCTURE}access-url/{change.pk}/")
    summary = manager_page.locator("summary", has_text="Helm command")
    summary.press("Enter")
    end_deploy(step_of(rollout, "sydney"))
    advance(rollout)
    expect(manager_page.get_by_text("Deployed, being confirmed")).to_be_visible()
    expect(manager_page.get_by_text("--reuse-values")).to_be_visible()
    expect(summary).to_be_focused()
    expect(manager_page.locator("#live-news")).to_have_text("Running: 0 of 2 done, 2 under way.")


def test_a_button_works_in_place_and_a_refusal_is_said_there(manager_page: Page) -> None:
    make_provider(name="sydney")
    change = services.switch(actor=SYSTEM, change=checked_change())
    manager_page.goto(f"{INFRASTRUCTURE}access-url/{change.pk}/")
    manager_page.get_by_role("button", name="Pause").click()
    expect(manager_page.get_by_text("Paused by manager@example.com.").first).to_be_visible()
    Rollout.objects.update(state="ended")
    manager_page.get_by_role("button", name="Resume").click()
    expect(manager_page.locator("#messages")).to_contain_text("This rollout has ended.")


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_the_screen(manager_page: Page, width: int) -> None:
    long = "a-name-of-sixty-three-characters-which-no-screen-of-a-phone-fits"[:63]
    make_provider(name=long, credential_kind=CredentialKind.ENROLMENT)
    change = services.switch(actor=SYSTEM, change=checked_change())
    advance(rollout_of(change))
    manager_page.set_viewport_size({"width": width, "height": 900})
    for path in ("", "upgrades/", f"access-url/{change.pk}/", f"access-url/{change.pk}/roll-back/"):
        manager_page.goto(INFRASTRUCTURE + path)
        assert manager_page.evaluate("document.documentElement.scrollWidth") <= width
