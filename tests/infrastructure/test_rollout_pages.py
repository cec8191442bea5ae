"""A switched change of the access URL: its rollout, the end, and the way back."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.services import Actor
from infrastructure import services
from infrastructure.choices import ChangeState, RolloutState, StepState
from organizations.models import User
from providers.access_urls import access_url
from providers.choices import CredentialKind, OperationState
from providers.models import AccessURL
from tests.infrastructure.pages import page_of, shown, switched
from tests.infrastructure.rollouts import (
    NEW,
    OLD,
    advance,
    beat,
    check,
    confirm,
    end_deploy,
    rollout_of,
    step_of,
)
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def deployment(settings: Any) -> None:
    settings.ACCESS_URL = OLD


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def test_what_a_step_has_done_is_ticked_off(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "sydney")
    rollout = advance(rollout_of(change))
    step = step_of(rollout, "sydney")
    text = shown(client, change)
    assert "Being redeployed" in text
    assert reverse("providers:operation_detail", args=[step.operation_id]) in text
    end_deploy(step)
    beat("sydney", NEW)
    advance(advance(rollout))
    text = shown(client, change)
    assert "Deployed, being confirmed" in text
    assert text.count('<li class="seen">') == 2
    assert "Check passed<span" in text


def test_a_paused_rollout_says_why_and_what_to_do(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "sydney", "tokyo")
    rollout = advance(rollout_of(change))
    canary = rollout.steps.get(is_canary=True)
    end_deploy(canary, OperationState.FAILED, "The image can't be pulled.")
    advance(rollout)
    text = shown(client, change)
    assert f"{canary.provider_name} failed. It goes on by itself" in text
    assert "The image can&#x27;t be pulled." in text
    assert "Go on in spite of it" in text
    client.post(reverse("infrastructure:step_retry", args=[rollout.pk, canary.pk]))
    canary.refresh_from_db()
    rollout.refresh_from_db()
    assert (canary.state, rollout.state) == (StepState.WAITING, RolloutState.RUNNING)


def test_pause_and_resume(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "sydney")
    rollout = rollout_of(change)
    response = client.post(reverse("infrastructure:rollout_pause", args=[rollout.pk]), follow=True)
    assert f"Paused by {site_manager.email}." in response.content.decode()
    response = client.post(reverse("infrastructure:rollout_resume", args=[rollout.pk]), follow=True)
    assert response.redirect_chain == [(page_of(change), 302)]
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.RUNNING


def test_a_step_is_skipped_with_a_reason(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "sydney")
    step = step_of(rollout_of(change), "sydney")
    address = reverse("infrastructure:step_skip", args=[step.rollout_id, step.pk])
    assert "The others go on without sydney." in client.get(address).content.decode()
    assert "This field is required." in client.post(address, {"reason": "  "}).content.decode()
    client.post(address, {"reason": "shut down"})
    assert "shut down" in shown(client, change)


def test_a_step_under_way_is_not_skipped(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "sydney")
    step = step_of(advance(rollout_of(change)), "sydney")
    address = reverse("infrastructure:step_skip", args=[step.rollout_id, step.pk])
    response = client.post(address, {"reason": "mine"}, follow=True)
    assert "sydney is being deployed. Wait for its end, or cancel it." in response.content.decode()


def test_who_runs_helm_finds_the_command_without_a_token(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "theirs", credential_kind=CredentialKind.ENROLMENT, namespace="dev-7")
    advance(rollout_of(change))
    text = shown(client, change)
    assert "Waiting for you to run Helm" in text
    assert f"--set cemanager.accessURL={NEW}" in text
    assert "--reuse-values" in text
    assert "--namespace dev-7" in text
    assert "Only what you do yourself is left: theirs." in text
    beat("theirs", NEW)
    advance(rollout_of(change))
    check("theirs")
    advance(rollout_of(change))
    assert "--reuse-values" not in shown(client, change)


def test_a_confirmed_change_says_what_is_safe_and_finishes(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "sydney")
    confirm(advance(rollout_of(change)), "sydney")
    text = shown(client, change)
    assert f"It is safe to remove the DNS records of {OLD} after you finish." in text
    assert "none since the switch" in text
    assert "is refused from now on" in client.get(f"{page_of(change)}finish/").content.decode()
    for _ in range(2):
        response = client.post(f"{page_of(change)}finish/", follow=True)
    assert f"{OLD} is refused." in response.content.decode()
    change.refresh_from_db()
    assert change.state == ChangeState.FINISHED


def test_who_still_uses_the_old_url_is_named(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "sydney", "tokyo", last_beat_access_url=OLD, last_beat_at=timezone.now())
    rollout = advance(rollout_of(change))
    services.skip_step(
        actor=Actor(user=site_manager), rollout=rollout, step=rollout.steps.get(is_canary=False), reason="down"
    )
    confirm(rollout, rollout.steps.get(is_canary=True).provider_name)
    AccessURL.objects.filter(url=OLD).update(last_request_at=timezone.now() - timedelta(minutes=3))
    text = shown(client, change)
    assert "loses touch when you finish" in text
    assert "It is safe to remove" not in text
    assert "3 min ago" in text
    beat(rollout.steps.get(is_canary=True).provider_name, OLD)
    text = shown(client, change)
    assert "It can't be finished yet." in text
    assert "finish/" not in text


def test_a_roll_back_is_asked_and_shown(client: Client, site_manager: User) -> None:
    change = switched(site_manager, "sydney")
    confirm(advance(rollout_of(change)), "sydney")
    assert "1 provider is redeployed" in client.get(f"{page_of(change)}roll-back/").content.decode()
    for _ in range(2):
        response = client.post(f"{page_of(change)}roll-back/", follow=True)
    assert "Rolling back." in response.content.decode()
    assert access_url() == OLD
    rollout = rollout_of(change)
    assert rollout.access_url == OLD
    confirm(advance(rollout), "sydney")
    text = shown(client, change)
    assert "Rolled back" in text
    assert "Before that" in text
