"""Cordoning, uncordoning and choosing the default on their pages."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from organizations.models import User
from providers.models import WorkspaceProvider
from tests.factories import make_built_in, make_environment, make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def path_of(action: str, provider: WorkspaceProvider) -> str:
    return reverse(f"providers:provider_{action}", args=[provider.pk])


def test_it_cordons_with_a_reason_and_says_so(client: Client, site_manager: User) -> None:
    provider = make_provider()
    page = client.post(path_of("cordon", provider), {"reason": " node upgrade "}, follow=True).content.decode()
    provider.refresh_from_db()
    assert (provider.cordon_reason, provider.cordoned_by) == ("node upgrade", site_manager.email)
    assert "is cordoned by manager@example.com: node upgrade" in page


@pytest.mark.parametrize("reason", ["", "   ", "x" * 256])
def test_it_asks_for_a_usable_reason(client: Client, reason: str) -> None:
    provider = make_provider()
    response = client.post(path_of("cordon", provider), {"reason": reason})
    assert response.status_code == 200
    assert "reason" in response.context["form"].errors
    provider.refresh_from_db()
    assert not provider.is_cordoned


def test_cordoning_twice_keeps_the_first_reason_and_one_audit_row(client: Client) -> None:
    provider = make_provider()
    client.post(path_of("cordon", provider), {"reason": "first"})
    page = client.post(path_of("cordon", provider), {"reason": "second"}, follow=True).content.decode()
    provider.refresh_from_db()
    assert provider.cordon_reason == "first"
    assert "cordoned by manager@example.com: first" in page
    assert AuditEvent.objects.filter(action="provider.cordon").count() == 1


def test_the_page_says_that_running_environments_go_on(client: Client) -> None:
    provider = make_provider()
    make_environment(provider, status="on")
    page = client.get(path_of("cordon", provider)).content.decode()
    assert "One environment (1 running) goes on as before." in page


def test_it_uncordons_and_repeating_it_changes_nothing(client: Client) -> None:
    provider = make_provider()
    client.post(path_of("cordon", provider), {"reason": "upgrade"})
    assert "upgrade" in client.get(path_of("uncordon", provider)).content.decode()
    for _ in range(2):
        assert client.post(path_of("uncordon", provider)).status_code == 302
    provider.refresh_from_db()
    assert not provider.is_cordoned
    assert AuditEvent.objects.filter(action="provider.uncordon").count() == 1


def test_a_cordon_that_is_there_already_or_no_longer_is_not_asked_about(client: Client) -> None:
    provider = make_provider(name="sydney")
    assert "sydney is not cordoned." in client.get(path_of("uncordon", provider), follow=True).text
    client.post(path_of("cordon", provider), {"reason": "node upgrade"})
    page = client.get(path_of("cordon", provider), follow=True).text
    assert "is cordoned already, by manager@example.com: node upgrade" in page


def test_another_provider_becomes_the_default(client: Client) -> None:
    built_in, provider = make_built_in(), make_provider(name="sydney")
    assert "built-in is the default no longer" in client.get(path_of("set_default", provider)).content.decode()
    client.post(path_of("set_default", provider))
    assert list(WorkspaceProvider.objects.filter(is_default=True)) == [provider]
    assert AuditEvent.objects.filter(action="provider.set_default").count() == 1
    assert built_in.pk != provider.pk


def test_a_provider_in_error_is_refused_as_default_with_the_remedy(client: Client) -> None:
    provider = make_provider(name="sydney", status="error")
    page = client.post(path_of("set_default", provider), follow=True).content.decode()
    assert "Choose a provider that is Ready and not cordoned." in page.replace("&#x27;", "'")
    assert not WorkspaceProvider.objects.filter(is_default=True).exists()
