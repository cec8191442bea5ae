"""Forms and operations in a real browser."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from providers.choices import LineLevel, OperationState
from providers.models import Operation, OperationLine, WorkspaceProvider
from tests.factories import make_operation, make_provider
from tests.providers.kubeconfigs import PASTED_TOKEN, kubeconfig

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/manage/admin/workspace-providers/new/"


def path_of(operation: Operation) -> str:
    return f"/manage/admin/workspace-providers/operations/{operation.pk}/"


def test_only_the_fields_of_the_chosen_way_are_seen(manager_page: Page) -> None:
    manager_page.goto(NEW)
    shown = {"kubeconfig": ["kubeconfig"], "fields": ["cluster_address", "token"], "enrolment": ["cluster_address"]}
    for way, names in shown.items():
        manager_page.check(f"[name=way][value={way}]")
        for name in ("kubeconfig", "cluster_address", "token"):
            assert manager_page.locator(f"[name={name}]").is_visible() is (name in names)


def test_a_kubeconfig_is_pasted_a_context_chosen_and_the_provider_registered_without_script(
    page_without_script: Page,
) -> None:
    page = page_without_script
    page.goto(NEW)
    page.fill("[name=name]", "sydney")
    page.fill("[name=kubeconfig]", kubeconfig("staging", "production", current="production"))
    page.click("main button.btn.main")
    expect(page.locator("[name=context][value=production]")).to_be_checked()
    assert PASTED_TOKEN not in page.content()
    page.check("[name=context][value=staging]")
    page.click("main button.btn.main")
    page.wait_for_url("**/workspace-providers/*-*-*-*-*/")
    provider = WorkspaceProvider.objects.get()
    assert (provider.name, provider.namespace) == ("sydney", "coder-staging")
    assert provider.operations.get().kind == "preflight"


def test_the_log_grows_while_one_watches_and_the_end_is_said(manager_page: Page) -> None:
    operation = make_operation(make_provider(name="sydney"), state=OperationState.RUNNING, lines=["helm upgrade"])
    manager_page.goto(path_of(operation))
    expect(manager_page.locator("ol.log")).to_contain_text("helm upgrade")
    OperationLine.objects.create(operation=operation, level=LineLevel.WARNING, text="Pods: 0 of 1 is ready")
    expect(manager_page.locator("ol.log")).to_contain_text("0 of 1 is ready")
    expect(manager_page.locator(f"#operation-news-{operation.pk}")).to_have_text("Warning: Pods: 0 of 1 is ready")
    Operation.objects.update(state=OperationState.FAILED, error_text="The image is broken.", finished_at=timezone.now())
    expect(manager_page.locator(".op.failed")).to_contain_text("The image is broken.")
    expect(manager_page.get_by_role("link", name="Run again")).to_be_visible()
    expect(manager_page.locator("[hx-trigger]")).to_have_count(0)


def test_the_clock_ticks_without_touching_what_one_reads(manager_page: Page) -> None:
    operation = make_operation(state=OperationState.RUNNING, started_at=timezone.now(), lines=["helm upgrade"])
    manager_page.goto(path_of(operation))
    manager_page.evaluate("document.querySelector('.op').dataset.kept = 'yes'")
    expect(manager_page.locator(".elapsed")).not_to_contain_text("0:00")
    expect(manager_page.locator(".op[data-kept=yes]")).to_have_count(1)


def test_an_operation_is_cancelled_in_place(manager_page: Page) -> None:
    operation = make_operation(state=OperationState.RUNNING)
    manager_page.goto(path_of(operation))
    manager_page.click("text=Cancel")
    expect(manager_page.locator(".op")).to_contain_text("Cancelling…")
    operation.refresh_from_db()
    assert operation.cancel_requested
    assert manager_page.url.endswith(path_of(operation))


def test_the_values_file_can_be_saved(manager_page: Page) -> None:
    provider = make_provider(name="sydney")
    manager_page.goto(f"/manage/admin/workspace-providers/{provider.pk}/command/")
    manager_page.click("main button.btn.main")
    with manager_page.expect_download() as download:
        manager_page.click("text=Download sydney-values.yaml")
    assert download.value.suggested_filename == "sydney-values.yaml"
    assert "token: cap_" in download.value.path().read_text()
