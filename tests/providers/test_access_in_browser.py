"""Allowlists and the access matrix in a real browser, with and without its script."""

import pytest
from playwright.sync_api import Dialog, Page, expect

from organizations.models import Organization
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.views.allowlist import MOST_ROWS
from tests.factories import make_environment, make_organization, make_provider

pytestmark = pytest.mark.django_db(transaction=True)
MATRIX = "/manage/admin/access/"


@pytest.fixture
def world() -> None:
    """Platform may use both providers and has an environment on sydney, Research only tokyo."""
    platform, research = (make_organization(name=name) for name in ("Platform", "Research"))
    sydney = make_provider(name="sydney", organizations=[platform])
    make_provider(name="tokyo", organizations=[platform, research])
    make_environment(sydney, organization=platform, name="engine")


def allowlist(name: str) -> str:
    return f"/manage/admin/workspace-providers/{WorkspaceProvider.objects.get(name=name).pk}/allowlist/"


def state() -> dict[str, str]:
    """Of each pair, in the words of the pages."""
    entries = AllowlistEntry.objects.values_list("organization__name", "provider__name", "closing")
    return {f"{who} on {where}": "closing" if closing else "open" for who, where, closing in entries}


def review_and_save(page: Page) -> None:
    page.get_by_role("button", name="Review the changes").click()
    page.get_by_role("button", name="Save", exact=True).click()


def test_an_organization_is_let_in_by_its_box(manager_page: Page, world: None) -> None:
    manager_page.goto(allowlist("sydney"))
    manager_page.get_by_label("Research").check()
    expect(manager_page.locator("[data-change-count]")).to_have_text("1 changed")
    review_and_save(manager_page)
    expect(manager_page.locator("#messages")).to_contain_text("Research may place environments on sydney.")
    assert state()["Research on sydney"] == "open"


def test_the_same_works_without_script(page_without_script: Page, world: None) -> None:
    page = page_without_script
    page.goto(allowlist("sydney"))
    page.get_by_label("Research").check()
    page.get_by_label("closing for Platform").check()
    review_and_save(page)
    expect(page.locator("#messages")).to_contain_text("2 changes of access made.")
    assert (state()["Research on sydney"], state()["Platform on sydney"]) == ("open", "closing")


def test_a_refused_removal_is_closed_instead(manager_page: Page, world: None) -> None:
    manager_page.goto(allowlist("sydney"))
    manager_page.get_by_label("Platform", exact=True).uncheck()
    manager_page.get_by_role("button", name="Review the changes").click()
    expect(manager_page.locator(".refusals")).to_contain_text("Platform still has one environment on sydney.")
    expect(manager_page.locator(".refusals a")).to_have_text("engine")
    expect(manager_page.get_by_label("Platform", exact=True)).not_to_be_checked()
    expect(manager_page.locator("[data-change-count]")).to_have_text("1 changed")
    manager_page.get_by_role("button", name="Close instead").click()
    manager_page.get_by_role("button", name="Save", exact=True).click()
    expect(manager_page.locator("#messages")).to_contain_text("goes on with what it has on sydney")
    assert state()["Platform on sydney"] == "closing"


def test_typing_filters_the_list_and_keeps_what_is_checked(manager_page: Page, world: None) -> None:
    manager_page.goto(allowlist("sydney"))
    manager_page.get_by_label("Research").check()
    manager_page.get_by_label("Search organizations").fill("plat")
    expect(manager_page.locator(".access-list > li:visible")).to_have_count(1)
    expect(manager_page.locator("[data-filter-result]")).to_have_text("1 of 2 shown")
    manager_page.get_by_label("Search organizations").press("Enter")
    expect(manager_page.locator(".access-list > li:visible")).to_have_count(1)
    manager_page.get_by_label("Search organizations").fill("")
    expect(manager_page.get_by_label("Research")).to_be_checked()


@pytest.mark.parametrize("others", [298, 498])
def test_all_that_are_shown_are_chosen_at_once(others: int, manager_page: Page, world: None) -> None:
    """The script searches what is on one page, the server what is on several."""
    Organization.objects.bulk_create(Organization(name=f"team-{number:03}") for number in range(others))
    manager_page.goto(allowlist("sydney"))
    manager_page.get_by_label("Search organizations").fill("team-00")
    if others > MOST_ROWS:
        expect(manager_page.get_by_role("button", name="Allow all shown")).to_be_disabled()
        manager_page.get_by_role("button", name="Search").click()
    manager_page.get_by_role("button", name="Allow all shown").click()
    expect(manager_page.locator("[data-change-count]")).to_have_text("10 changed")
    review_and_save(manager_page)
    expect(manager_page.locator("#messages")).to_contain_text("10 changes of access made.")
    assert AllowlistEntry.objects.filter(organization__name__startswith="team").count() == 10


def test_five_hundred_are_chosen_and_saved_without_script(page_without_script: Page, world: None) -> None:
    Organization.objects.bulk_create(Organization(name=f"team-{number:03}") for number in range(498))
    everyone = Organization.objects.filter(name__startswith="team")
    sydney = WorkspaceProvider.objects.get(name="sydney")
    AllowlistEntry.objects.bulk_create(AllowlistEntry(provider=sydney, organization=each) for each in everyone)
    page_without_script.goto(allowlist("sydney"))
    page_without_script.get_by_label("Research").check()
    review_and_save(page_without_script)
    expect(page_without_script.locator("#messages")).to_contain_text("Research may place environments on sydney.")
    assert AllowlistEntry.objects.filter(provider=sydney).count() == 500


def test_cells_of_the_matrix_have_names_and_only_the_changed_ones_are_sent(manager_page: Page, world: None) -> None:
    manager_page.goto(MATRIX)
    manager_page.get_by_role("checkbox", name="Research on sydney", exact=True).check()
    manager_page.get_by_role("checkbox", name="Platform on sydney closing").check()
    manager_page.get_by_role("checkbox", name="Platform on tokyo", exact=True).uncheck()
    manager_page.get_by_role("checkbox", name="Platform on tokyo", exact=True).check()
    expect(manager_page.locator("[data-change-count]")).to_have_text("2 changed")
    with manager_page.expect_request(lambda request: request.method == "POST") as sent:
        manager_page.get_by_role("button", name="Review the changes").click()
    assert len((sent.value.post_data or "").split("&")) == 2
    manager_page.get_by_role("button", name="Save", exact=True).click()
    expect(manager_page.locator("#messages")).to_contain_text("2 changes of access made.")
    assert state() == {
        "Platform on sydney": "closing",
        "Platform on tokyo": "open",
        "Research on sydney": "open",
        "Research on tokyo": "open",
    }


def test_a_search_does_not_forget_what_was_changed_without_asking(manager_page: Page, world: None) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    manager_page.on("dialog", stay)
    manager_page.goto(MATRIX)
    box = manager_page.get_by_role("checkbox", name="Research on sydney", exact=True)
    box.check()
    manager_page.get_by_role("button", name="Search").click()
    expect(box).to_be_checked()
    assert asked == ["beforeunload"]
    manager_page.get_by_role("link", name="Cancel").click()
    expect(box).not_to_be_checked()
    assert asked == ["beforeunload"]


def test_forty_thousand_cells_can_be_edited(manager_page: Page) -> None:
    """How fast is measured in benchmarks."""
    organizations = Organization.objects.bulk_create(Organization(name=f"team-{number:03}") for number in range(200))
    providers = [make_provider(credential=False) for _ in range(200)]
    AllowlistEntry.objects.bulk_create(
        AllowlistEntry(provider=provider, organization=organization)
        for provider in providers
        for organization in organizations
    )
    manager_page.goto(MATRIX)
    manager_page.locator('tr[data-row]:nth-child(120) input[name="allowed"]').nth(150).click()
    expect(manager_page.locator("[data-change-count]")).to_have_text("1 changed")


def test_the_script_lays_out_the_cells_that_the_plain_page_has(manager_page: Page, world: None) -> None:
    AllowlistEntry.objects.filter(organization__name="Platform").update(closing=True)
    cells = """() => [...document.querySelectorAll('[data-grid] tbody tr')].map(
        (row) => [row.dataset.shown, ...[...row.querySelectorAll('td')].map((cell) => cell.outerHTML)])"""
    manager_page.goto(f"{MATRIX}?plain=1")
    plain = manager_page.evaluate(cells)
    manager_page.goto(MATRIX)
    assert [shown for shown, *_ in plain] == ["cc", "no"]
    assert manager_page.evaluate(cells) == plain


def test_a_row_of_the_matrix_is_saved_without_script(page_without_script: Page, world: None) -> None:
    page = page_without_script
    page.goto(MATRIX)
    page.get_by_role("checkbox", name="Research on sydney", exact=True).check()
    page.get_by_role("button", name="Save the row of Research").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("Research may place environments on sydney.")
    assert state()["Research on sydney"] == "open"
    assert len(state()) == 4


def test_arrow_keys_go_from_cell_to_cell(manager_page: Page, world: None) -> None:
    manager_page.goto(MATRIX)
    manager_page.get_by_role("checkbox", name="Platform on sydney", exact=True).focus()
    manager_page.keyboard.press("ArrowRight")
    manager_page.keyboard.press("ArrowDown")
    expect(manager_page.get_by_role("checkbox", name="Research on tokyo", exact=True)).to_be_focused()
    manager_page.keyboard.press("Space")
    expect(manager_page.locator("[data-change-count]")).to_have_text("1 changed")
