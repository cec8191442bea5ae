"""envproxy tokens on the pages: rotating, and the Helm command with its values file."""

import re
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from organizations.models import User
from providers.models import EnvproxyToken, WorkspaceProvider
from providers.tokens import digest_of
from tests.factories import make_built_in, make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db
VIEWS = ["provider_rotate_token", "provider_command"]


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


@pytest.fixture
def provider() -> WorkspaceProvider:
    return make_provider(name="sydney", credential_kind="enrolment", credential=False, namespace="coder-prod")


def path_of(view: str, provider: WorkspaceProvider) -> str:
    return reverse(f"providers:{view}", args=[provider.pk])


def tokens_in(response: Any) -> set[str]:
    return set(re.findall(r"cap_[0-9a-f]{64}", response.content.decode()))


@pytest.mark.parametrize("view", VIEWS)
def test_a_post_shows_the_new_token_once_and_nothing_may_store_it(
    client: Client, provider: WorkspaceProvider, view: str
) -> None:
    response = client.post(path_of(view, provider))
    (token,) = tokens_in(response)
    assert EnvproxyToken.objects.get().digest == digest_of(token)
    assert "no-store" in response["Cache-Control"]
    assert not tokens_in(client.get(path_of(view, provider)))
    event = AuditEvent.objects.get(action="provider.rotate_token")
    assert event.after == {"token": "******"}


def test_the_values_file_is_complete_and_the_command_holds_no_secret(
    client: Client, provider: WorkspaceProvider, settings: Any
) -> None:
    settings.ACCESS_URL = "https://coder.example.com"
    response = client.post(path_of("provider_command", provider))
    values = yaml.safe_load(response.context["values_file"])
    assert values["cemanager"] == {"accessURL": "https://coder.example.com"}
    assert values["envproxy"]["accessURL"] == "https://sydney.coder.example.com/proxy"
    assert {values["envproxy"]["token"]} == tokens_in(response)
    command = response.context["command"]
    assert "cap_" not in command
    assert "--repo https://coder.example.com/charts" in command
    assert "--namespace coder-prod" in command
    assert f"--values {response.context['file_name']}" in command


def test_the_command_is_shown_before_a_token_is_made(client: Client, provider: WorkspaceProvider) -> None:
    page = client.get(path_of("provider_command", provider)).content.decode()
    assert "helm upgrade --install coder-workspace-provider" in page
    assert "DNS records for <code>sydney.coder.example.com</code>" in page
    assert not EnvproxyToken.objects.exists()


def test_rotating_again_lets_the_token_before_it_work_on_for_a_day(client: Client, provider: WorkspaceProvider) -> None:
    client.post(path_of("provider_rotate_token", provider))
    client.post(path_of("provider_rotate_token", provider))
    newest, before = EnvproxyToken.objects.filter(provider=provider)
    assert newest.expires_at is None
    assert before.expires_at is not None


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_built_in_provider_has_none(client: Client, view: str, method: str) -> None:
    page = getattr(client, method)(path_of(view, make_built_in()), follow=True).content.decode()
    assert "The built-in provider has no release and no token" in page
    assert not EnvproxyToken.objects.exists()
