"""The marks of the cards on a page, sent again when they have changed."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from organizations.models import User
from providers.models import WorkspaceProvider
from tests.factories import make_operation, make_provider
from tests.people import signed_in

LIST = "/manage/admin/workspace-providers/"
CHIPS = f"{LIST}chips/"


@pytest.fixture
def manager(site_manager: User) -> Client:
    return signed_in(site_manager)


def shown(client: Client) -> dict[str, str]:
    """What a page with the list would ask for."""
    context = client.get(LIST).context
    return {"ids": context["ids"], "state": context["state"]}


def polled(client: Client) -> Any:
    """What a page with the list is answered, asking as its poller does."""
    context = client.get(LIST).context
    return client.get(CHIPS, shown(client), headers={"If-None-Match": f'"{context["mark"]}"'})


def events_of(response: Any) -> set[str]:
    return set(json.loads(response.headers.get("HX-Trigger", "{}")))


def test_the_body_of_a_deleted_card_ends_its_polling_and_marks_the_card(manager: Client) -> None:
    gone = uuid4()
    response = manager.get(f"{LIST}{gone}/?waiting=1", headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Reswap"]) == (286, "none")
    assert f'id="provider-{gone}" hx-swap-oob="true"' in response.text


def test_nothing_is_sent_while_nothing_has_changed(manager: Client) -> None:
    make_provider()
    make_provider(status="error", reason="dns_failed", status_since=timezone.now() - timedelta(hours=3, minutes=1))
    response = polled(manager)
    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize(
    "change",
    [
        {"status": "error", "reason": "dns_failed"},
        {"failed_checks": 1, "reason": "dns_failed"},
        {"is_default": True},
        {"cordoned_at": timezone.now(), "cordon_reason": "upgrade"},
    ],
)
def test_a_change_brings_new_marks_and_tells_the_open_card(manager: Client, change: dict[str, Any]) -> None:
    provider, other = make_provider(), make_provider()
    before = shown(manager)
    WorkspaceProvider.objects.filter(pk=provider.pk).update(**change)
    response = manager.get(CHIPS, before)
    page = response.content.decode()
    assert response.status_code == 200
    assert f'id="provider-marks-{provider.pk}" hx-swap-oob="true"' in page
    assert events_of(response) == {f"provider-changed-{provider.pk}"}
    assert str(other.pk) in page
    assert polled(manager).status_code == 304


def test_a_new_operation_is_told_to_the_open_card(manager: Client) -> None:
    provider = make_provider()
    before = shown(manager)
    make_operation(provider, state="running")
    response = manager.get(CHIPS, before)
    assert ">deploying<" in response.content.decode()
    assert events_of(response) == {f"provider-changed-{provider.pk}"}


def test_passing_time_renews_the_age_but_loads_no_card_again(manager: Client) -> None:
    now = timezone.now()
    provider = make_provider(status="error", status_since=now - timedelta(minutes=3, seconds=30))
    before = shown(manager)
    WorkspaceProvider.objects.update(status_since=now - timedelta(minutes=5, seconds=30))
    response = manager.get(CHIPS, before)
    assert "error · 5 min" in response.content.decode()
    assert events_of(response) == set()
    assert provider.pk


def test_the_answer_polls_on_with_the_new_state(manager: Client) -> None:
    make_provider()
    before = shown(manager)
    WorkspaceProvider.objects.update(status="error")
    page = manager.get(CHIPS, before).content.decode()
    assert f"state={shown(manager)['state']}" in page
    assert 'hx-trigger="every 10s"' in page


def test_a_deleted_provider_is_said_to_be_gone(manager: Client) -> None:
    gone, stays = make_provider(), make_provider()
    before = shown(manager)
    pk = gone.pk
    gone.delete()
    page = manager.get(CHIPS, before).content.decode()
    assert f'id="provider-{pk}" hx-swap-oob="true"' in page
    assert f"ids={stays.pk}&" in page


def test_polling_ends_when_nothing_is_left_to_show(manager: Client) -> None:
    response = manager.get(CHIPS, {"ids": str(uuid4())})
    assert response.status_code == 286
    assert "hx-trigger" not in response.content.decode()


@pytest.mark.parametrize("ids", ["", "nonsense", "\0", ",,,", "'; drop table", "-" * 3000])
def test_ids_that_are_none_are_passed_over(manager: Client, ids: str) -> None:
    make_provider()
    response = manager.get(CHIPS, {"ids": ids, "state": "\0"})
    assert response.status_code == 286
    assert "provider-marks" not in response.content.decode()


def test_fifty_are_enough(manager: Client) -> None:
    ids = ",".join(str(make_provider().pk) for _ in range(52))
    assert manager.get(CHIPS, {"ids": ids}).content.decode().count('class="marks"') == 50


def test_it_costs_four_queries_however_many_are_shown(manager: Client) -> None:
    ids = ",".join(str(make_provider().pk) for _ in range(10))
    with CaptureQueriesContext(connection) as captured:
        manager.get(CHIPS, {"ids": ids})
    assert len(captured) == 4  # session, person, providers, access URLs


def test_it_is_for_those_who_see_providers_only(client: Client, auditor: User, member: User) -> None:
    query = {"ids": str(make_provider().pk)}
    assert client.get(CHIPS, query).status_code == 302
    assert signed_in(member).get(CHIPS, query).status_code == 403
    assert signed_in(auditor).get(CHIPS, query).status_code == 200
    assert signed_in(auditor).post(CHIPS, query).status_code == 405
