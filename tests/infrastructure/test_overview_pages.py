"""The first page of the infrastructure, the upgrade board, and an upgrade's page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.services import Actor
from infrastructure import services
from infrastructure.choices import RolloutState
from infrastructure.models import AccessURLChange, Rollout
from organizations.models import User
from providers.choices import AccessURLState
from providers.helm.package import chart_version
from providers.models import AccessURL
from tests.factories import make_built_in, make_provider
from tests.infrastructure.rollouts import NEW, OLD, advance, checked_change, rollout_of
from tests.people import signed_in

pytestmark = pytest.mark.django_db
OVERVIEW, BOARD, START = (
    "/manage/admin/infrastructure/",
    "/manage/admin/infrastructure/upgrades/",
    "/manage/admin/infrastructure/upgrades/start/",
)
OLD_CHART = "0.0.9"


@pytest.fixture(autouse=True)
def deployment(settings: Any) -> None:
    settings.ACCESS_URL = OLD
    make_built_in()


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def shown(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_fresh_deployment_says_where_its_address_comes_from(client: Client) -> None:
    text = shown(client, OVERVIEW)
    assert "Set by CODERADMIN_ACCESS_URL at the start." in text
    assert "The access URL was never changed." in text
    assert "There are no remote providers." in text


def test_who_set_it_and_that_the_variable_differs(client: Client) -> None:
    since = timezone.now() - timedelta(days=2)
    AccessURL.objects.create(url=NEW, state=AccessURLState.CURRENT, since=since, set_by_name="mira")
    text = shown(client, OVERVIEW)
    assert f"Since {since:%Y-%m-%d %H:%M}, set by mira." in text
    assert f"CODERADMIN_ACCESS_URL says {OLD}." in text


def test_which_access_url_each_provider_uses(client: Client) -> None:
    now = timezone.now()
    make_provider(name="fresh")
    make_provider(
        name="late", last_beat_at=now - timedelta(seconds=20), last_beat_access_url=NEW, last_beat_through=OLD
    )
    text = shown(client, OVERVIEW)
    assert "has not called home yet" in text
    assert f'{NEW} <span class="tag warn">not the present one</span>' in text
    assert f"came by {OLD}" in text
    assert "20 s ago" in text


def test_what_is_under_way_and_what_was(client: Client, site_manager: User) -> None:
    make_provider(name="sydney")
    dropped = checked_change("https://other.example.com")
    services.drop_change(actor=Actor(user=site_manager), change=dropped)
    change = services.switch(actor=Actor(user=site_manager), change=checked_change())
    AccessURL.objects.filter(url=OLD).update(last_request_at=timezone.now() - timedelta(minutes=4))
    text = shown(client, OVERVIEW)
    assert f"A change to {NEW} is under way: switched." in text
    assert "0 of 1 done" in text
    assert f"{OLD} is answered, too. Last request that way: <time" in text
    assert f"{OLD} → https://other.example.com" in text
    assert "Dropped <time" in text
    assert reverse("infrastructure:change_create") not in text
    assert reverse("infrastructure:change_detail", args=[change.pk]) in text


def test_the_board_preselects_what_is_outdated(client: Client) -> None:
    old, present = make_provider(name="old", chart_version=OLD_CHART), make_provider(name="new")
    make_provider(name="fresh", deployed_at=None, chart_version="")
    text = shown(client, BOARD)
    assert f"chart {chart_version()}. 1 provider has an older one." in text
    assert f'id="select-{old.pk}" aria-labelledby="name-{old.pk}" checked' in text
    assert f'id="select-{present.pk}" aria-labelledby="name-{present.pk}">' in text
    assert "fresh" not in text


def test_the_board_names_what_a_release_lacks(client: Client) -> None:
    values = {"cemanager": {"accessURL": "https://before.example.com"}}
    make_provider(deployed_values=values, release_values=values, deployed_revision=3, release_values_revision=3)
    assert "changes not deployed yet" in shown(client, BOARD)


def test_an_upgrade_is_asked_and_begun(client: Client) -> None:
    first, second = make_provider(name="a", chart_version=OLD_CHART), make_provider(name="b", chart_version=OLD_CHART)
    text = shown(client, f"{START}?provider={first.pk}&provider={second.pk}")
    assert "Redeploy 2 providers" in text
    assert "2 providers are redeployed by workers, 4 at a time, the canary first: a, b." in text
    assert text.count('type="hidden" name="provider"') == 2
    sent = {"provider": [str(first.pk), str(second.pk)], "canary": str(second.pk), "failure_limit": "2"}
    response = client.post(START, sent, follow=True)
    rollout = Rollout.objects.get()
    assert response.redirect_chain == [(reverse("infrastructure:rollout_detail", args=[rollout.pk]), 302)]
    assert rollout.failure_limit == 2
    assert rollout.steps.get(is_canary=True).provider == second


def test_all_outdated_ones_can_be_chosen_at_once(client: Client) -> None:
    for number in range(51):
        make_provider(name=f"old-{number}", chart_version=OLD_CHART)
    assert f"{START}?all=outdated" in shown(client, BOARD)
    assert "Redeploy 51 providers" in shown(client, f"{START}?all=outdated")


@pytest.mark.parametrize("chosen", ["", "?provider=x", "?provider=00000000-0000-4000-8000-000000000000"])
def test_choosing_nothing_is_refused_in_words(client: Client, chosen: str) -> None:
    response = client.get(START + chosen, follow=True)
    assert response.redirect_chain == [(BOARD, 302)]
    assert "Choose at least one provider." in response.content.decode()


def test_a_second_rollout_is_refused_in_words(client: Client, site_manager: User) -> None:
    provider = make_provider(chart_version=OLD_CHART)
    services.start_upgrade(actor=Actor(user=site_manager), providers=[provider.pk])
    sent = {"provider": str(provider.pk), "canary": str(provider.pk), "failure_limit": "1"}
    for response in (client.get(START, sent, follow=True), client.post(START, sent, follow=True)):
        assert "Another rollout is under way. Let it end, or call it off." in response.content.decode()
    assert Rollout.objects.count() == 1
    assert "disabled" in shown(client, BOARD)


def test_an_upgrade_is_called_off(client: Client, site_manager: User) -> None:
    provider = make_provider(name="sydney", chart_version=OLD_CHART)
    rollout = advance(services.start_upgrade(actor=Actor(user=site_manager), providers=[provider.pk]))
    address = reverse("infrastructure:rollout_call_off", args=[rollout.pk])
    assert "Deploys that are under way go on to their end." in shown(client, address)
    for _ in range(2):
        text = client.post(address, follow=True).content.decode()
    assert "Not followed to its end" in text
    assert "hx-trigger" not in text
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.ENDED


def test_a_rollout_of_an_access_url_is_on_the_page_of_its_change(client: Client, site_manager: User) -> None:
    make_provider(name="sydney")
    change = services.switch(actor=Actor(user=site_manager), change=checked_change())
    rollout = rollout_of(change)
    address = reverse("infrastructure:rollout_detail", args=[rollout.pk])
    assert client.get(address)["Location"] == reverse("infrastructure:change_detail", args=[change.pk])
    response = client.post(f"{address}call-off/", follow=True)
    assert "Roll the change back, or skip its providers." in response.content.decode()
    assert "The access URL is being changed." in shown(client, BOARD)


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


def planned(site_manager: User) -> str:
    return reverse("infrastructure:change_detail", args=[checked_change().pk])


def under_way(site_manager: User) -> str:
    change = services.switch(actor=Actor(user=site_manager), change=checked_change())
    advance(rollout_of(change))
    return reverse("infrastructure:change_detail", args=[change.pk])


def confirmed(site_manager: User) -> str:
    change = services.switch(actor=Actor(user=site_manager), change=checked_change(), failure_limit=99)
    rollout = rollout_of(change)
    for step in rollout.steps.all():
        services.skip_step(actor=Actor(user=site_manager), rollout=rollout, step=step, reason="down")
    advance(rollout)
    return reverse("infrastructure:change_detail", args=[change.pk])


@pytest.mark.parametrize(
    "page", [planned, under_way, confirmed, lambda _: OVERVIEW, lambda _: BOARD, lambda _: f"{START}?all=outdated"]
)
def test_more_providers_cost_no_more_queries(client: Client, site_manager: User, page: Callable[[User], str]) -> None:
    counts = []
    for more in (5, 45):
        for _ in range(more):
            make_provider(chart_version=OLD_CHART, last_beat_access_url=OLD, last_beat_at=timezone.now())
        counts.append(queries(client, page(site_manager)))
        AccessURLChange.objects.all().delete()
        AccessURL.objects.all().delete()
    assert counts[0] == counts[1]
    assert counts[0] <= 20
