"""The access URL changes under a fleet that people work on, while things break: six sandbox providers, and real ones.

Its parts build on each other and run in order, on one deployment.
"""

import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.clusters import eventually
from tests.e2e.conftest import PASSWORD
from tests.e2e.fleet import Fleet, Loopback, Person, running_fleet

OLD_HOST, NEW_HOST = "coder.localhost", "localhost"
INFRASTRUCTURE = "/manage/admin/infrastructure/"
MOMENT, ROLLOUT = 30_000, 240_000  # milliseconds for one step of one provider, and for all providers

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with running_fleet(OLD_HOST, CODERADMIN_REDEPLOY_CONCURRENCY="3", CODERADMIN_WEB_WORKERS="2") as fleet:
        yield fleet


@pytest.fixture(scope="module")
def people(fleet: Fleet) -> Iterator[list[Person]]:
    """One on each provider, who ask for their environment's page all the time."""
    people = [Person(fleet, provider) for provider in fleet.environments]
    for person in people:
        person.start()
    yield people
    for person in people:
        person.stop()


@pytest.fixture(scope="module")
def visit(fleet: Fleet, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """A page at this host with the site admin signed in."""
    contexts = []

    def open_at(host: str) -> Page:
        contexts.append(browser.new_context(base_url=f"http://{host}:{fleet.port}"))
        page = contexts[-1].new_page()
        page.set_default_timeout(MOMENT)
        page.goto("/sign-in/")
        page.get_by_label("E-mail").fill("admin@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/workspace-providers/")
        return page

    yield open_at
    for context in contexts:
        context.close()


def plan(page: Page, url: str) -> str:
    """Plan the change and wait for the findings; the address of its page."""
    page.goto(f"{INFRASTRUCTURE}access-url/new/")
    page.get_by_label("New access URL").fill(url)
    page.get_by_role("button", name="Plan the change").click()
    expect(page.get_by_text("leads to this deployment")).to_be_visible(timeout=MOMENT)
    return page.url


def switch(page: Page) -> None:
    page.get_by_role("link", name="Switch…").click()
    warnings = page.get_by_label("I have read the warnings")
    if warnings.count():
        warnings.check()
    page.get_by_role("button", name="Switch", exact=True).click()


def step(page: Page, provider: str) -> Locator:
    return page.locator(".rollout-steps > li", has=page.get_by_role("link", name=provider, exact=True))


def expect_step(page: Page, provider: str, words: str, timeout: int = MOMENT * 3) -> None:
    expect(step(page, provider).locator(".words").first).to_have_text(re.compile(words), timeout=timeout)


def statuses(page: Page) -> Counter[str]:
    return Counter(page.locator(".rollout-steps .words").all_inner_texts())


def answers(people: list[Person]) -> Counter[str]:
    return sum((person.answers for person in people), Counter())


def status_at(fleet: Fleet, host: str) -> int:
    with httpx.Client(transport=Loopback(), timeout=10) as client:
        return client.get(f"http://{host}:{fleet.port}/sign-in/").status_code


def is_refused(fleet: Fleet, host: str) -> bool:
    """By both web processes: of so many requests each has got some."""
    return {status_at(fleet, host) for _ in range(30)} == {400}


def kill(pids: list[int]) -> None:
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def postmaster(fleet: Fleet) -> int:
    note = fleet.deployment.folder / "postgres-folder"
    folder = Path(note.read_text().strip()) if note.exists() else fleet.deployment.folder
    (pidfile,) = folder.rglob("postmaster.pid")
    return int(pidfile.read_text().splitlines()[0])


def test_it_is_changed_while_clusters_and_our_own_programs_fail(
    fleet: Fleet, people: list[Person], visit: Callable[[str], Page]
) -> None:
    page = visit(OLD_HOST)
    assert status_at(fleet, OLD_HOST) == 200
    change = plan(page, f"http://{NEW_HOST}:{fleet.port}")
    switch(page)
    assert status_at(fleet, OLD_HOST) == status_at(fleet, NEW_HOST) == 200
    fleet.gate.close()

    canary = page.locator(".rollout-steps > li", has_text="canary")
    expect(canary.locator(".words")).to_have_text("Confirmed", timeout=MOMENT * 3)
    expect(page.locator(".rollout-steps .words", has_text="Being redeployed").first).to_be_visible()
    kill(fleet.deployment.processes("celery.* worker"))

    expect_step(page, fleet.gated, "Failed")
    expect(page.locator(".rollout .why")).to_contain_text(f"{fleet.gated} failed. It goes on by itself")
    expect(page.locator(".rollout header .chip")).to_have_text("Paused")
    providers = visit(OLD_HOST)
    providers.goto(f"/manage/admin/workspace-providers/?q={fleet.gated}")
    expect(providers.locator(".chip").first).to_contain_text("error", timeout=MOMENT * 2)

    fleet.gate.open()
    expect(page.locator(".rollout header .chip")).to_have_text("Running", timeout=MOMENT * 2)
    kill(fleet.deployment.processes(r"gunicorn.*coderadmin\.wsgi"))
    expect_step(page, fleet.gated, "Being redeployed|being confirmed|Confirmed")
    kill([postmaster(fleet)])

    expect(page.get_by_role("heading", name="Every provider is confirmed or skipped")).to_be_visible(timeout=ROLLOUT)
    assert statuses(page) == {"Confirmed": len(fleet.environments)}

    page = visit(NEW_HOST)
    page.goto(change.replace(OLD_HOST, NEW_HOST))
    page.get_by_role("link", name="Finish…").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.locator(".why")).to_contain_text("is refused. You can remove its DNS records.")
    assert eventually(lambda: is_refused(fleet, OLD_HOST), 10)
    assert status_at(fleet, NEW_HOST) == 200


def test_every_provider_beats_through_the_new_url(fleet: Fleet, visit: Callable[[str], Page]) -> None:
    page = visit(NEW_HOST)
    page.goto(INFRASTRUCTURE)
    for provider in fleet.environments:
        row = page.get_by_role("row", name=re.compile(rf"^{provider}\b"))
        expect(row).to_contain_text(f"http://{NEW_HOST}:{fleet.port}")


def test_another_change_is_rolled_back_in_the_middle(
    fleet: Fleet, people: list[Person], visit: Callable[[str], Page]
) -> None:
    page = visit(NEW_HOST)
    plan(page, f"http://{OLD_HOST}:{fleet.port}")
    switch(page)
    expect(page.locator(".rollout-steps .words", has_text="Confirmed").first).to_be_visible(timeout=MOMENT * 3)
    page.get_by_role("link", name="Roll back").click()
    page.get_by_role("button", name="Roll back").click()
    expect(page.locator(".why")).to_contain_text("Rolled back", timeout=ROLLOUT)
    assert eventually(lambda: is_refused(fleet, OLD_HOST), 10)
    assert status_at(fleet, NEW_HOST) == 200


def test_no_request_to_an_environment_has_failed(people: list[Person]) -> None:
    found = sum((person.stop() for person in people), Counter())
    assert found.pop("ok") > 100 * len(people)
    assert found == Counter()
