"""envproxy tokens on the pages: rotating, and the Helm command with its values file."""

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse
from django.utils import timezone

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


def posted(client: Client, view: str, provider: WorkspaceProvider) -> Any:
    """The form of the page is opened and sent."""
    form = client.get(path_of(view, provider)).context["form"]
    return client.post(path_of(view, provider), form.initial)


def tokens_in(response: Any) -> set[str]:
    return set(re.findall(r"cap_[0-9a-f]{64}", response.content.decode()))


@pytest.mark.parametrize("view", VIEWS)
def test_a_post_shows_the_new_token_once_and_nothing_may_store_it(
    client: Client, provider: WorkspaceProvider, view: str
) -> None:
    response = posted(client, view, provider)
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
    response = posted(client, "provider_command", provider)
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
    posted(client, "provider_rotate_token", provider)
    posted(client, "provider_rotate_token", provider)
    week, day = EnvproxyToken.objects.values_list("expires_at", flat=True)
    assert week is not None
    assert day is not None
    assert timedelta(hours=23) < day - timezone.now() < timedelta(hours=25)
    assert week - timezone.now() > timedelta(days=6)


@pytest.mark.parametrize("view", VIEWS)
def test_loading_the_page_of_the_token_again_makes_no_second_one(
    client: Client, provider: WorkspaceProvider, view: str
) -> None:
    form = client.get(path_of(view, provider)).context["form"].initial
    client.post(path_of(view, provider), form)
    again = client.post(path_of(view, provider), form, follow=True)
    assert "No token was made" in again.text
    assert not tokens_in(again)
    assert EnvproxyToken.objects.count() == 1


@pytest.mark.parametrize("newest", ["", "x", "-1", "1" * 30])
def test_a_form_without_its_number_makes_none(client: Client, provider: WorkspaceProvider, newest: str) -> None:
    answer = client.post(path_of("provider_rotate_token", provider), {"newest": newest}, follow=True)
    assert "the form was not complete" in answer.text
    assert not EnvproxyToken.objects.exists()


def make_token(provider: WorkspaceProvider, **fields: Any) -> EnvproxyToken:
    return EnvproxyToken.objects.create(provider=provider, digest=digest_of(str(len(fields))), **fields)


def test_the_page_of_the_provider_tells_each_token(client: Client, provider: WorkspaceProvider) -> None:
    now = timezone.now()
    ended = make_token(provider, expires_at=now - timedelta(hours=2))
    used = make_token(provider, last_used_at=now - timedelta(seconds=9), last_used_address="203.0.113.9")
    fresh = EnvproxyToken.objects.create(provider=provider, digest="fresh", expires_at=now + timedelta(days=6, hours=1))
    page = client.get(path_of("provider_detail", provider)).text
    for words in ("203.0.113.9", "Valid until it is replaced", "unless it is used before", "2 h ago", "Revoke all"):
        assert words in page
    links = [reverse("providers:provider_revoke_token", args=[provider.pk, row.pk]) for row in (ended, used, fresh)]
    assert [f'href="{link}"' in page for link in links] == [False, True, True]


def test_auditors_see_tokens_and_no_way_to_revoke_them(auditor: User, provider: WorkspaceProvider) -> None:
    token = make_token(provider)
    page = signed_in(auditor).get(path_of("provider_detail", provider)).text
    assert f"Token {token.pk}" in page
    assert "revoke" not in page.lower()


def test_revoking_the_last_one_says_what_that_means(client: Client, provider: WorkspaceProvider) -> None:
    token = make_token(provider)
    path = reverse("providers:provider_revoke_token", args=[provider.pk, token.pk])
    page = client.get(path).text
    assert f"Revoke token {token.pk} of sydney" in page
    assert "turns to Error" in page
    assert token.is_alive
    assert "1 token of sydney revoked." in client.post(path, follow=True).text
    assert "Nothing was revoked" in client.post(path, follow=True).text
    token.refresh_from_db()
    assert not token.is_alive


def test_all_are_revoked_at_once(client: Client, provider: WorkspaceProvider) -> None:
    make_token(provider)
    make_token(provider, last_used_at=timezone.now())
    path = reverse("providers:provider_revoke_tokens", args=[provider.pk])
    assert "Revoke all tokens of sydney" in client.get(path).text
    assert "2 tokens of sydney revoked." in client.post(path, follow=True).text
    assert not EnvproxyToken.objects.alive().exists()


def test_the_token_of_another_provider_is_not_there(client: Client, provider: WorkspaceProvider) -> None:
    token = make_token(make_provider())
    path = reverse("providers:provider_revoke_token", args=[provider.pk, token.pk])
    assert [client.get(path).status_code, client.post(path).status_code] == [404, 404]
    assert token.is_alive


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_built_in_provider_has_none(client: Client, view: str, method: str) -> None:
    page = getattr(client, method)(path_of(view, make_built_in()), follow=True).content.decode()
    assert "The built-in provider has no release and no token" in page
    assert not EnvproxyToken.objects.exists()
