"""The environment pages in a real browser, with a worker and a cluster behind them."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from audit.services import Actor
from environments.models import Environment, EnvironmentOperation
from environments.services import working
from environments.services.working import run_environment_operation
from organizations.models import Organization, User
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.browser import sign_in
from tests.clusters import FaultyCluster
from tests.environments.things import make_member
from tests.factories import make_environment, make_provider
from tests.people import add_member, make_organization
from tests.providers.clusters import register_on, target_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", quota_cpu_cores=4)


@pytest.fixture
def owner(organization: Organization) -> User:
    return make_member(organization, name="Ada Lovelace", email="ada@example.com")


@pytest.fixture
def own_page(django_db_setup: None, page: Page, owner: User, live_server: Any) -> Page:
    """The database is named first, so that it outlives the server which uses it."""
    sign_in(page.context, owner, live_server.url)
    return page


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Does whatever is queued, one after the other."""
    monkeypatch.setattr(working, "POLL_SECONDS", 0.2)
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.2):
            for pk in EnvironmentOperation.objects.filter(state="queued").values_list("pk", flat=True):
                run_environment_operation(pk)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture
def provider(faulty_cluster: FaultyCluster, organization: Organization, live_server: Any) -> WorkspaceProvider:
    """On the sandbox; its access URL is the live server, which a browser can reach."""
    provider = register_on(Actor(), target_in(faulty_cluster.kubeconfig, faulty_cluster.namespace))
    WorkspaceProvider.objects.update(status="ready", reason="", is_default=True, hostname=live_server.url)
    AllowlistEntry.objects.create(provider=provider, organization=organization)
    return provider


def test_a_member_creates_watches_stops_and_deletes_an_environment(
    own_page: Page, provider: WorkspaceProvider, worker: None
) -> None:
    own_page.goto("/")
    own_page.get_by_role("link", name="Create an environment").click()
    own_page.get_by_label("Name").fill("dev")
    own_page.get_by_label("Image").fill("codercom/enterprise-base")
    expect(own_page.get_by_text(re.compile(r"^\d+ ms$"))).to_be_visible()
    own_page.get_by_role("button", name="Create environment").click()

    expect(
        own_page.locator("ol.log").get_by_text("Building on sydney from codercom/enterprise-base:latest.")
    ).to_be_visible()
    log = own_page.locator("ol.log")
    expect(log.get_by_text("dev is on.")).to_be_visible(timeout=30_000)
    chip = own_page.locator(".head .chip")
    expect(chip).to_have_text("On")

    own_page.get_by_role("button", name="Stop").click()
    expect(log.get_by_text("dev is off; its home stays.")).to_be_visible(timeout=30_000)
    expect(chip).to_have_text("Off")
    expect(own_page.get_by_role("button", name="Start")).to_be_visible()

    own_page.get_by_role("link", name="Delete").click()
    own_page.get_by_label("Type dev to confirm").fill("dev")
    own_page.get_by_role("button", name="Delete").click()
    expect(own_page.get_by_text("The environment is deleted.")).to_be_visible(timeout=30_000)
    expect(own_page.get_by_role("heading", name="No environments yet")).to_be_visible()
    assert not Environment.objects.exists()


def test_a_latency_that_can_not_be_measured_is_unknown_and_holds_nothing_up(
    own_page: Page, organization: Organization
) -> None:
    make_provider(name="near", hostname="http://127.0.0.1:9", organizations=[organization])
    own_page.goto("/environments/new/")
    own_page.get_by_label("Name").fill("dev")
    own_page.get_by_label("Image").fill("codercom/enterprise-base")
    expect(own_page.get_by_text("Latency unknown")).to_be_visible()
    own_page.get_by_role("button", name="Create environment").click()
    expect(own_page.get_by_role("heading", name="dev")).to_be_visible()
    assert Environment.objects.get().provider.name == "near"


def test_another_organization_shows_its_providers_and_keeps_the_rest(
    own_page: Page, owner: User, organization: Organization, live_server: Any
) -> None:
    platform = make_organization(name="Platform")
    add_member(platform, owner)
    make_provider(name="near", organizations=[organization])
    make_provider(name="far", hostname=live_server.url, organizations=[platform])
    own_page.goto("/environments/new/")
    own_page.get_by_label("Name").fill("half-typed")
    expect(own_page.get_by_label("near")).to_be_checked()
    own_page.get_by_label("Organization").select_option("Platform")
    expect(own_page.get_by_label("far")).to_be_checked()
    expect(own_page.get_by_label("Name")).to_have_value("half-typed")
    expect(own_page.get_by_label("near")).to_have_count(0)
    expect(own_page.get_by_text(re.compile(r"^\d+ ms$"))).to_be_visible()


def test_what_is_typed_while_the_form_comes_anew_stays(own_page: Page, owner: User, organization: Organization) -> None:
    platform = make_organization(name="Platform")
    add_member(platform, owner)
    make_provider(name="near", organizations=[organization])
    make_provider(name="far", organizations=[platform])
    own_page.goto("/environments/new/")
    own_page.route("**/environments/new/form/", lambda route: (own_page.wait_for_timeout(300), route.continue_()))
    own_page.get_by_label("Organization").select_option("Platform")
    own_page.get_by_label("Name").fill("typed")
    expect(own_page.get_by_label("far")).to_be_checked()
    expect(own_page.get_by_label("Name")).to_have_value("typed")


def test_the_list_follows_what_moves(own_page: Page, owner: User) -> None:
    environment = make_environment(owner=owner, name="dev", status="creating")
    own_page.goto("/environments/")
    chip = own_page.locator("tbody .chip")
    expect(chip).to_have_text("Creating")
    Environment.objects.filter(pk=environment.pk).update(status="on")
    expect(chip).to_have_text("On")
    asked: list[str] = []
    own_page.on("request", lambda request: asked.append(request.url))
    own_page.wait_for_timeout(2500)
    assert asked == []


def test_the_filters_narrow_the_list_as_they_are_changed(manager_page: Page, owner: User) -> None:
    make_environment(owner=owner, name="dev", status="failed")
    make_environment(name="other")
    manager_page.goto("/environments/")
    rows = manager_page.locator("tbody th a")
    manager_page.get_by_label("Status", exact=True).select_option("Failed")
    expect(rows).to_have_text(["dev"])
    assert "status=failed" in manager_page.url
    manager_page.get_by_label("Status", exact=True).select_option("Any status")
    expect(rows).to_have_text(["dev", "other"])
    manager_page.get_by_label("Owner's e-mail").press_sequentially("ada")
    expect(manager_page.locator("#people option")).to_have_attribute("value", "ada@example.com")
    manager_page.get_by_label("Owner's e-mail").fill("ada@example.com")
    manager_page.keyboard.press("Enter")
    expect(rows).to_have_text(["dev"])


def test_a_provider_is_chosen_by_what_its_name_begins_with(manager_page: Page, owner: User) -> None:
    make_environment(make_provider(name="sydney"), owner=owner, name="dev")
    make_environment(make_provider(name="seoul"), name="other")
    manager_page.goto("/environments/")
    provider = manager_page.get_by_label("Provider", exact=True)
    provider.focus()
    expect(manager_page.locator("#provider-names option")).to_have_count(2)
    provider.press_sequentially("syd")
    expect(manager_page.locator("#provider-names option")).to_have_count(1)
    provider.fill("sydney")
    manager_page.keyboard.press("Tab")
    expect(manager_page.locator("tbody th a")).to_have_text(["dev"])
    assert "provider=sydney" in manager_page.url


def test_without_script_another_organization_is_shown_and_an_environment_created(
    page_without_script: Page, organization: Organization
) -> None:
    platform = make_organization(name="Platform")
    make_provider(name="near", organizations=[organization])
    make_provider(name="far", organizations=[platform])
    page = page_without_script
    page.goto("/environments/new/")
    page.get_by_label("Name").fill("dev")
    page.get_by_role("combobox", name="Image").fill("codercom/enterprise-base")
    page.get_by_label("Organization").select_option("Platform")
    page.get_by_role("button", name="Show the providers for this").click()
    expect(page.get_by_label("far")).to_be_checked()
    expect(page.get_by_text("Latency unknown")).to_be_visible()
    page.get_by_role("button", name="Create environment").click()
    expect(page.get_by_role("heading", name="dev")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    page.get_by_role("link", name="Edit and rebuild").click()
    page.get_by_label("Tag").fill("2")
    page.get_by_role("button", name="Rebuild").click()
    expect(page.get_by_text("Rebuild", exact=True)).to_be_visible()
    assert Environment.objects.get().tag == "2"
