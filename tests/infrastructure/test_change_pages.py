"""The pages of a change of the access URL, in each of its states."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.services import Actor
from infrastructure import services
from infrastructure.choices import ChangeState
from infrastructure.models import AccessURLChange, Rollout
from organizations.choices import SiteRole
from organizations.models import User
from providers.access_urls import access_url
from providers.choices import CredentialKind, ProviderStatus
from providers.models import WorkspaceProvider
from tests.api.things import Program
from tests.authentication.things import give_app, give_passkey
from tests.factories import make_provider
from tests.infrastructure.pages import page_of, shown, switched
from tests.infrastructure.rollouts import (
    NEW,
    OLD,
    advance,
    checked_change,
    rollout_of,
)
from tests.people import make_user, signed_in

pytestmark = pytest.mark.django_db
CREATE = "/manage/admin/infrastructure/access-url/new/"
WARNING = {"code": "subdomain", "label": "Subdomains", "level": "warning", "detail": "Not below.", "remedy": "Later."}
FAILED = {
    "code": "dns",
    "label": "Name",
    "level": "error",
    "detail": "It does not resolve.",
    "remedy": "Make a record.",
}


@pytest.fixture(autouse=True)
def deployment(settings: Any) -> None:
    settings.ACCESS_URL = OLD


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def test_a_plan_is_made_and_shown(client: Client) -> None:
    response = client.post(CREATE, {"new_url": "HTTPS://Dev.example.com/"}, follow=True)
    change = AccessURLChange.objects.get()
    assert change.new_url == NEW
    assert response.redirect_chain == [(page_of(change), 302)]
    assert "Nothing is changed yet" in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "This field is required."),
        (OLD, "This is the access URL already."),
        ("http://dev.example.com", "Use https:// as now"),
        ("https://dev.example.com/path", "Leave the path out"),
        ("ftp://dev.example.com", "begins with https://"),
        ("https://dev.example.com:99999", "not an address"),
        ("https://a\x00b", "Null characters are not allowed."),
        ("x" * 281, "at most 280"),
    ],
)
def test_a_bad_address_is_refused_at_its_field(client: Client, typed: str, error: str) -> None:
    response = client.post(CREATE, {"new_url": typed})
    assert response.status_code == 200
    assert error in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert not AccessURLChange.objects.exists()


def test_there_is_one_change_at_a_time(client: Client) -> None:
    change = checked_change("https://other.example.com")
    assert client.get(CREATE)["Location"] == page_of(change)
    response = client.post(CREATE, {"new_url": NEW}, follow=True)
    assert "A change to https://other.example.com is under way, by mira." in response.content.decode()
    assert AccessURLChange.objects.count() == 1


def test_the_findings_and_the_fate_of_each_provider_are_said(client: Client) -> None:
    make_provider(name="sydney")
    make_provider(name="theirs", credential_kind=CredentialKind.ENROLMENT)
    make_provider(name="fresh", deployed_at=None)
    make_provider(name="broken", status=ProviderStatus.ERROR, reason="connection_refused")
    text = shown(client, checked_change(findings=[FAILED, WARNING]))
    assert "It does not resolve." in text
    assert "Make a record." in text
    assert "A worker redeploys it." in text
    assert "You run Helm" in text
    assert "Not deployed yet: its first deploy will carry the new URL." in text
    assert "In Error now" in text
    assert "Nothing is changed yet." in text
    assert reverse("infrastructure:change_switch", args=[AccessURLChange.objects.get().pk]) not in text


def test_a_page_under_check_asks_again_until_the_findings_are_there(client: Client) -> None:
    change = checked_change()
    AccessURLChange.objects.filter(pk=change.pk).update(checked_at=None)
    text = shown(client, change)
    assert "Being checked" in text
    assert 'hx-trigger="every 2s"' in text
    AccessURLChange.objects.filter(pk=change.pk).update(checked_at=timezone.now())
    assert "hx-trigger" not in shown(client, change)


def test_an_open_page_hears_only_of_what_is_new(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "sydney", "tokyo")
    text = shown(client, change)
    seen = text.split("?seen=")[1].split('"')[0]
    asked = {"headers": {"HX-Request": "true"}}
    assert client.get(page_of(change), {"seen": seen}, **asked).status_code == 204
    advance(rollout_of(change))
    response = client.get(page_of(change), {"seen": seen}, **asked)
    assert response.content.decode().lstrip().startswith('<div class="live" id="live-panel"')
    assert "Running: 0 of 2 done, 1 under way." in response.content.decode()


def test_check_again_asks_for_new_findings(client: Client) -> None:
    change = checked_change()
    response = client.post(f"{page_of(change)}check/", follow=True)
    assert "Being checked" in response.content.decode()


def test_the_switch_says_what_will_happen_and_proposes_a_canary(client: Client) -> None:
    sydney = make_provider(name="sydney")
    make_provider(name="theirs", credential_kind=CredentialKind.ENROLMENT)
    text = " ".join(client.get(f"{page_of(checked_change())}switch/").content.decode().split())
    assert f"{OLD} is answered, too, until you finish." in text
    assert "1 provider is redeployed by workers: sydney." in text
    assert "You run Helm for theirs." in text
    assert "People sign in once more" in text
    assert f'<option value="{sydney.pk}" selected>' in text
    assert access_url() == OLD


def test_the_switch_says_whose_passkeys_stop_working(client: Client) -> None:
    change = checked_change()
    switch, impact = f"{page_of(change)}switch/", f"/access-url/changes/{change.pk}/impact?of=switch"
    assert "Passkeys" not in client.get(switch).text
    first, second, gone = (make_user() for _ in range(3))
    for person, name in ((first, "laptop"), (first, "phone"), (second, "laptop"), (gone, "laptop")):
        give_passkey(person, name)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    give_app(first)
    host = urlsplit(NEW).hostname
    words = f"those of 2 people do not work at {host}. There they sign in with a code and add them anew. 1 of them has"
    assert words in client.get(switch).text
    assert words in Program(make_user(SiteRole.MANAGER)).get(impact).text
    AccessURLChange.objects.update(new_url=f"{OLD}:8443")
    assert "Passkeys" not in client.get(switch).text


def test_the_switch_takes_the_canary_and_the_limit(client: Client) -> None:
    make_provider(name="sydney")
    tokyo = make_provider(name="tokyo")
    change = checked_change()
    client.post(f"{page_of(change)}switch/", {"canary": str(tokyo.pk), "failure_limit": "3"})
    rollout = rollout_of(change)
    assert access_url() == NEW
    assert rollout.failure_limit == 3
    assert rollout.steps.get(is_canary=True).provider == tokyo


@pytest.mark.parametrize("sent", [{"canary": "nobody"}, {"failure_limit": "0"}, {"failure_limit": "9" * 30}])
def test_a_bad_choice_is_refused_at_its_field(client: Client, sent: dict[str, str]) -> None:
    provider = make_provider()
    change = checked_change()
    response = client.post(f"{page_of(change)}switch/", {"canary": str(provider.pk), "failure_limit": "1"} | sent)
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()
    assert access_url() == OLD


def test_warnings_have_to_be_read(client: Client) -> None:
    change = checked_change(findings=[WARNING])
    address = f"{page_of(change)}switch/"
    assert "Not below." in client.get(address).content.decode()
    response = client.post(address, {"failure_limit": "1"})
    assert "Tick this once you have read the warnings above." in response.content.decode()
    assert access_url() == OLD
    client.post(address, {"failure_limit": "1", "warnings_read": "on"})
    assert access_url() == NEW


def test_old_findings_do_not_lead_to_the_switch(client: Client) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    change = checked_change()
    AccessURLChange.objects.filter(pk=change.pk).update(checked_at=long_ago, check_requested_at=long_ago)
    response = client.get(f"{page_of(change)}switch/", follow=True)
    assert "The findings are more than an hour old." in response.content.decode()


def test_switching_twice_is_harmless(client: Client) -> None:
    make_provider()
    change = checked_change()
    address = f"{page_of(change)}switch/"
    sent = {"canary": str(WorkspaceProvider.objects.get().pk), "failure_limit": "1"}
    for _ in range(2):
        assert client.post(address, sent)["Location"] == page_of(change)
    assert Rollout.objects.count() == 1


def test_a_plan_is_dropped(client: Client) -> None:
    change = checked_change()
    assert "No provider is touched." in client.get(f"{page_of(change)}drop/").content.decode()
    for _ in range(2):
        assert client.post(f"{page_of(change)}drop/")["Location"] == reverse("infrastructure:overview")
    assert "Nothing was changed." in shown(client, change)


@pytest.mark.parametrize("verb", ["check/", "switch/", "drop/"])
def test_what_comes_too_late_is_refused_in_words(client: Client, site_manager: User, verb: str) -> None:
    change = switched(site_manager, "sydney")
    services.roll_back(actor=Actor(user=site_manager), change=change)
    response = client.post(page_of(change) + verb, follow=True)
    assert response.redirect_chain[-1][0] == page_of(change)
    assert 'class="message error"' in response.content.decode()


def test_whoever_comes_by_the_old_address_is_led_to_the_new_one(
    client: Client, site_manager: User, fresh_access_urls: None
) -> None:
    change = switched(site_manager, "sydney")
    host = {"headers": {"Host": "coder.example.com"}}
    assert f'href="{NEW}{page_of(change)}"' in client.get(page_of(change), **host).content.decode()
    host = {"headers": {"Host": "dev.example.com"}}
    assert "not the access URL any more" not in client.get(page_of(change), **host).content.decode()


def test_without_a_ready_provider_there_may_be_no_canary(client: Client) -> None:
    make_provider(name="broken", status=ProviderStatus.ERROR)
    address = f"{page_of(checked_change())}switch/"
    assert "No canary: none of them is Ready" in client.get(address).content.decode()
    client.post(address, {"canary": "", "failure_limit": "1"})
    assert access_url() == NEW
    assert not Rollout.objects.get().steps.filter(is_canary=True).exists()


def test_only_what_workers_deploy_can_be_the_canary(client: Client) -> None:
    theirs = make_provider(name="theirs", credential_kind=CredentialKind.ENROLMENT)
    address = f"{page_of(checked_change())}switch/"
    assert "Canary" not in client.get(address).content.decode()
    client.post(address, {"canary": str(theirs.pk), "failure_limit": "1"})
    assert not Rollout.objects.get().steps.get().is_canary


def test_a_deployment_without_remote_providers_is_confirmed_at_once(client: Client) -> None:
    change = checked_change()
    client.post(f"{page_of(change)}switch/", {"failure_limit": "1"})
    change.refresh_from_db()
    assert change.state == ChangeState.CONFIRMED
    assert "Finish…" in shown(client, change)
