"""Asking for a deployment or a pre-flight on their pages."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from organizations.models import User
from providers.choices import OperationKind, OperationState
from providers.models import Operation
from tests.factories import make_built_in, make_environment, make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


@pytest.mark.parametrize(
    ("view", "kind"),
    [("provider_deploy", OperationKind.DEPLOY), ("provider_preflight", OperationKind.PREFLIGHT)],
)
def test_it_queues_one_operation_and_leads_to_the_provider(
    client: Client, site_manager: User, view: str, kind: OperationKind
) -> None:
    provider = make_provider()
    response = client.post(reverse(f"providers:{view}", args=[provider.pk]))
    assert response.url == reverse("providers:provider_detail", args=[provider.pk])
    operation = Operation.objects.get()
    assert (operation.kind, operation.state) == (kind, OperationState.QUEUED)
    assert operation.requested_by == site_manager
    assert AuditEvent.objects.filter(action=f"provider.{kind}", outcome="requested").count() == 1


def test_the_second_of_two_managers_is_told_who_is_doing_what(client: Client, site_admin: User) -> None:
    provider = make_provider(name="sydney")
    path = reverse("providers:provider_deploy", args=[provider.pk])
    client.post(path)
    page = signed_in(site_admin).post(path, follow=True).content.decode()
    assert "Deploy by manager@example.com is under way on sydney." in page
    assert "Wait until it has ended, or cancel it." in page
    assert Operation.objects.count() == 1


def test_the_page_says_what_will_happen_to_how_many_environments(client: Client) -> None:
    provider = make_provider(namespace="coder-prod")
    make_environment(provider, status="on")
    make_environment(provider, status="off")
    page = client.get(reverse("providers:provider_deploy", args=[provider.pk])).content.decode()
    assert "2 environments (1 running) go on as before." in page
    assert "coder-workspace-provider in namespace coder-prod" in page
    assert "Helm rolls back" in page


def test_a_first_deployment_is_called_that(client: Client) -> None:
    page = client.get(reverse("providers:provider_deploy", args=[make_provider(name="sydney", deployed_at=None).pk]))
    assert "<h1>Deploy sydney</h1>" in page.content.decode()


def test_the_built_in_provider_is_refused_with_the_reason(client: Client) -> None:
    provider = make_built_in()
    page = client.post(reverse("providers:provider_deploy", args=[provider.pk]), follow=True).content.decode()
    assert "The built-in provider needs no release" in page
    assert not Operation.objects.exists()


def test_a_provider_that_never_called_home_is_refused_with_the_next_step(client: Client) -> None:
    provider = make_provider(credential_kind="enrolment", credential=False)
    page = client.post(reverse("providers:provider_preflight", args=[provider.pk]), follow=True).content.decode()
    assert "Run the printed Helm command" in page
