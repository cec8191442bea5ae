"""Deleting a provider: what is in the way, and the two ways."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from organizations.models import User
from providers.choices import OperationKind
from providers.models import AllowlistEntry, Operation, WorkspaceProvider
from providers.services import deleting
from providers.services.running import run_operation
from tests.factories import (
    make_built_in,
    make_environment,
    make_operation,
    make_organization,
    make_provider,
    make_user,
)
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def path_of(provider: WorkspaceProvider, view: str = "provider_delete") -> str:
    return reverse(f"providers:{view}", args=[provider.pk])


def test_it_queues_the_deletion_and_leads_to_its_log(client: Client) -> None:
    provider = make_provider(name="sydney")
    response = client.post(path_of(provider))
    operation = Operation.objects.get()
    assert (operation.kind, operation.parameters) == (OperationKind.DELETE, {"leave_release": False})
    assert response.url == reverse("providers:operation_detail", args=[operation.pk])
    assert AuditEvent.objects.filter(action="provider.delete", outcome="requested").count() == 1


def test_the_page_says_what_is_uninstalled_where(client: Client) -> None:
    provider = make_provider(namespace="coder-prod")
    page = client.get(path_of(provider)).content.decode()
    assert "coder-workspace-provider from namespace coder-prod" in page
    assert "The namespace coder-prod and everything in it that is not part of the release." in page


def test_environments_are_listed_by_owner_and_there_is_no_form(client: Client) -> None:
    provider = make_provider(name="sydney")
    ada = make_user(email="ada@example.com")
    environment = make_environment(provider, owner=ada, name="api")
    make_environment(provider, owner=ada, name="web")
    page = client.get(path_of(provider)).content.decode()
    assert "sydney still has environments." in page
    assert page.count("<td>ada@example.com") == 1
    assert f'<a href="{reverse("environments:environment_detail", args=[environment.pk])}">api</a>' in page
    assert "web" in page
    assert f'action="{path_of(provider)}"' not in page
    assert "Delete</button>" not in page


def test_environments_that_came_meanwhile_refuse_the_post(client: Client) -> None:
    provider = make_provider(name="sydney")
    make_environment(provider)
    page = client.post(path_of(provider), follow=True).content.decode()
    assert "sydney still has environments. Their owners must delete them first." in page
    assert not Operation.objects.exists()


@pytest.mark.parametrize("fields", [{"is_default": True}])
def test_the_default_must_be_another_one_first(client: Client, fields: dict[str, Any]) -> None:
    provider = make_provider(**fields)
    page = client.get(path_of(provider)).content.decode()
    assert "Make another provider the default first." in page
    assert "Delete</button>" not in page


def test_built_in_can_not_be_deleted(client: Client) -> None:
    provider = make_built_in()
    page = client.get(path_of(provider)).content.decode()
    assert "own cluster and can&#x27;t be deleted" in page
    client.post(path_of(provider))
    client.post(path_of(provider, "provider_delete_anyway"), {"confirmation": "built-in"})
    assert not Operation.objects.exists()


@pytest.mark.parametrize("reason", ["dns_failed", "connect_timeout", "tls_expired", "credential_refused"])
def test_a_cluster_out_of_reach_offers_to_leave_the_release_behind(client: Client, reason: str) -> None:
    provider = make_provider(name="sydney", status="error", reason=reason, message="No answer.")
    page = client.get(path_of(provider)).content.decode()
    assert path_of(provider, "provider_delete_anyway") in page
    assert "Type sydney to confirm" in page
    assert "helm uninstall coder-workspace-provider --namespace coder" in page


def test_a_failed_uninstall_offers_it_too_and_is_shown(client: Client) -> None:
    provider = make_provider()
    make_operation(
        provider, kind="delete", state="failed", error_code="uninstall_failed", error_text="The release is stuck."
    )
    page = client.get(path_of(provider)).content.decode()
    assert "The release is stuck." in page
    assert path_of(provider, "provider_delete_anyway") in page


@pytest.mark.parametrize(("status", "reason"), [("ready", ""), ("ready", "read_timeout"), ("error", "release_failed")])
def test_a_cluster_within_reach_does_not_offer_it(client: Client, status: str, reason: str) -> None:
    provider = make_provider(status=status, reason=reason)
    assert path_of(provider, "provider_delete_anyway") not in client.get(path_of(provider)).content.decode()
    page = client.post(path_of(provider, "provider_delete_anyway"), {"confirmation": provider.name}, follow=True)
    assert "is within reach" in page.content.decode()
    assert not Operation.objects.exists()


@pytest.mark.parametrize("typed", ["", "Sydney", "sydne", "tokyo"])
def test_leaving_it_behind_needs_the_typed_name(client: Client, typed: str) -> None:
    provider = make_provider(name="sydney", status="error", reason="unreachable")
    response = client.post(path_of(provider, "provider_delete_anyway"), {"confirmation": typed})
    assert response.status_code == 200
    assert "confirmation" in response.context["form"].errors
    assert not Operation.objects.exists()


def test_with_the_typed_name_the_release_is_left_behind(client: Client) -> None:
    provider = make_provider(name="sydney", status="error", reason="unreachable")
    response = client.post(path_of(provider, "provider_delete_anyway"), {"confirmation": "sydney"})
    operation = Operation.objects.get()
    assert operation.parameters == {"leave_release": True}
    assert response.url == reverse("providers:operation_detail", args=[operation.pk])


def test_pressing_twice_asks_once_and_says_so(client: Client) -> None:
    provider = make_provider(name="sydney")
    client.post(path_of(provider))
    page = client.post(path_of(provider), follow=True).content.decode()
    assert "Delete by manager@example.com is under way on sydney." in page
    assert Operation.objects.count() == 1


def test_the_last_provider_of_an_organization_is_not_deleted(client: Client) -> None:
    provider, platform = make_provider(name="sydney"), make_organization(name="Platform")
    elsewhere = make_organization(name="Elsewhere")
    make_provider(organizations=[elsewhere])
    for organization in (platform, elsewhere):
        AllowlistEntry.objects.create(provider=provider, organization=organization)
    page = client.get(path_of(provider)).text
    assert "Without sydney these organizations would have no provider: Platform." in page
    assert "Delete</button>" not in page
    client.post(path_of(provider))
    assert not Operation.objects.exists()


def test_it_is_asked_again_when_the_provider_is_really_deleted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last other provider went away while Helm uninstalled, by somebody who asked no service."""
    platform = make_organization(name="Platform")
    sydney, other = (make_provider(name=name, organizations=[platform]) for name in ("sydney", "tokyo"))
    client.post(path_of(sydney))
    monkeypatch.setattr(deleting, "_uninstall", lambda run: AllowlistEntry.objects.filter(provider=other).delete())
    run_operation(Operation.objects.get().pk)
    operation = Operation.objects.get()
    assert (operation.state, operation.error_code) == ("failed", "refused")
    assert "would have no provider: Platform." in operation.error_text
    assert WorkspaceProvider.objects.filter(pk=sydney.pk).exists()
