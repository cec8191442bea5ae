"""A status that nobody looks at any more says so: it stays green when the scheduler or the workers are down."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organizations.models import User
from providers.freshness import unchecked, unchecked_since
from providers.models import WorkspaceProvider
from tests.factories import make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db
MARK = "not checked for 2 h"


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def checked(ago: timedelta, **fields: Any) -> WorkspaceProvider:
    """One of which a check was claimed, as the scheduler goes on doing without a worker."""
    now = timezone.now()
    return make_provider(last_check_at=now - ago, next_check_at=now, **fields)


@pytest.mark.parametrize(("interval", "longest"), [(30, 120), (5, 60)])
def test_four_checks_may_be_missed_or_what_fits_into_a_minute(interval: int, longest: int, settings: Any) -> None:
    settings.CHECK_INTERVAL = timedelta(seconds=interval)
    in_time = checked(timedelta(seconds=longest - 5))
    late = checked(timedelta(seconds=longest + 5))
    later = checked(timedelta(hours=2))
    assert unchecked_since(in_time) is None
    assert unchecked_since(late) == late.last_check_at
    assert list(unchecked(WorkspaceProvider.objects.all())) == [later, late]


def test_what_nobody_is_to_check_is_not_late() -> None:
    long_ago = timezone.now() - timedelta(days=1)
    assert unchecked_since(make_provider(last_check_at=long_ago, next_check_at=None)) is None
    assert unchecked_since(make_provider(last_check_at=None, next_check_at=long_ago)) is None


def test_card_and_list_tell_it_and_what_to_look_at(client: Client) -> None:
    provider = checked(timedelta(hours=2))
    assert MARK in client.get(reverse("providers:provider_list")).text
    page = client.get(reverse("providers:provider_detail", args=[provider.pk])).text
    assert MARK in page
    assert "Look whether the scheduler and a worker for checks run" in page


def test_those_that_are_checked_say_nothing_of_it(client: Client) -> None:
    provider = checked(timedelta(seconds=20))
    page = client.get(reverse("providers:provider_detail", args=[provider.pk])).text
    assert "not checked" not in page


def test_an_open_list_hears_of_it(client: Client) -> None:
    provider = checked(timedelta(seconds=20))
    where = reverse("providers:provider_chips")
    ask = {"ids": str(provider.pk), "state": ""}
    unmoved = {"If-None-Match": f'"{client.get(where, ask).context["mark"]}"'}
    assert client.get(where, ask, headers=unmoved).status_code == 304
    WorkspaceProvider.objects.update(last_check_at=timezone.now() - timedelta(hours=2))
    assert MARK in client.get(where, ask, headers=unmoved).text


def test_the_api_tells_since_when(client: Client) -> None:
    late, in_time = checked(timedelta(hours=2)), checked(timedelta(seconds=1))
    details = {one.pk: client.get(f"/api/v1/providers/{one.pk}").json()["details"] for one in (late, in_time)}
    assert details[late.pk]["unchecked_since"] == details[late.pk]["last_check_at"]
    assert details[in_time.pk]["unchecked_since"] is None


def test_support_staff_find_it_on_their_first_page(support_person: User) -> None:
    provider = checked(timedelta(hours=2), name="sydney")
    page = signed_in(support_person).get("/support/").text
    assert "Providers not checked lately" in page
    assert reverse("admin:providers_workspaceprovider_change", args=[provider.pk]) in page
