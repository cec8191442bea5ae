"""Old changes of status become sums of a day: what leaves, what stays, and what the pages say then."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from coderadmin.celery import app
from organizations.models import User
from providers import timeline
from providers.details import Availability, load_details
from providers.models import ProviderDay, StatusChange, WorkspaceProvider
from providers.services import history
from providers.tasks import roll_up_history
from providers.year import YEAR, availability_of_year
from tests.factories import make_provider, make_status_change
from tests.organizations.threads import at_once
from tests.people import signed_in

NOW = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)
DAY = timedelta(days=1)
LAST = datetime(2026, 10, 21, tzinfo=UTC)  # the last day that ended 35 days ago
STATUSES = ("ready", "error", "pending")


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def make_history(
    *changes: tuple[datetime, str], registered_at: datetime = LAST - 2 * DAY, first: str = "pending"
) -> WorkspaceProvider:
    """A provider that was registered then, with its changes and as the last of them left it."""
    rows = [(registered_at, first), *changes]
    provider = make_provider(status=rows[-1][1], created_at=registered_at)
    make_status_change(provider, old="", new=first, at=registered_at)
    for (_, old), (at, new) in pairwise(rows):
        make_status_change(provider, old=old, new=new, at=at)
    return provider


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def moments(provider: WorkspaceProvider) -> list[datetime]:
    return list(provider.status_changes.order_by("at").values_list("at", flat=True))


def days_of(provider: WorkspaceProvider) -> list[tuple[Any, ...]]:
    return list(ProviderDay.objects.filter(provider=provider).values_list("day", "old", *STATUSES, "changes"))


def card_of(provider: WorkspaceProvider) -> Availability:
    return load_details([provider], with_year=True)[provider.pk].availability


@pytest.mark.django_db
def test_the_sums_of_a_day_are_its_seconds_from_midnight_to_midnight() -> None:
    first = LAST - 2 * DAY
    provider = make_history(
        (first + hours(20), "ready"),  # the day of the registration, at noon
        (LAST + hours(6), "error"),
        (LAST + hours(7.5), "ready"),
        (LAST + hours(23), "error"),
        (NOW - DAY, "ready"),
        registered_at=first + hours(12),
    )
    roll_up_history()
    assert days_of(provider) == [
        (date(2026, 10, 19), "", 4 * 3600.0, 0.0, 8 * 3600.0, 2),
        (date(2026, 10, 21), "ready", 21.5 * 3600, 2.5 * 3600, 0.0, 3),
    ]


@pytest.mark.django_db
def test_what_is_younger_stays_and_so_does_the_last_change_before_it() -> None:
    younger = [LAST + DAY, LAST + DAY + hours(1), NOW - hours(1)]
    provider = make_history(
        (LAST - hours(3), "ready"), (LAST + hours(3), "error"), *zip(younger, ("ready", "error", "ready"), strict=True)
    )
    cordoned = make_status_change(provider, kind="cordon", old="", new="cordoned", at=LAST - DAY)
    roll_up_history()
    assert moments(provider) == [cordoned.at, LAST + hours(3), *younger]


@pytest.mark.django_db
def test_a_provider_whose_status_never_changed_again_keeps_its_only_change() -> None:
    provider = make_history(first="ready", registered_at=NOW - 300 * DAY)
    roll_up_history()
    assert moments(provider) == [NOW - 300 * DAY]
    assert days_of(provider) == []
    assert card_of(provider).year == 1


@pytest.mark.django_db
def test_a_second_run_changes_nothing() -> None:
    provider = make_history((LAST + hours(3), "ready"), (LAST + hours(4), "error"))
    roll_up_history()
    after = days_of(provider), moments(provider)
    roll_up_history()
    assert (days_of(provider), moments(provider)) == after


@pytest.mark.django_db
def test_the_change_that_stayed_leaves_once_a_later_one_is_old_and_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = make_history((LAST + hours(3), "ready"), (LAST + hours(4), "error"), (NOW - DAY, "ready"))
    roll_up_history()
    before = days_of(provider)
    monkeypatch.setattr(timezone, "now", lambda: NOW + 40 * DAY)
    roll_up_history()
    assert moments(provider) == [NOW - DAY]
    assert days_of(provider) == before


@pytest.mark.django_db(transaction=True)
def test_two_at_once_write_each_day_once(monkeypatch: pytest.MonkeyPatch) -> None:
    providers = [
        make_history((LAST + hours(3), "ready"), (LAST + hours(4), "error"), (NOW - DAY, "ready")) for _ in range(7)
    ]
    monkeypatch.setattr(history, "BATCH", 2)
    assert at_once(*[roll_up_history] * 4) == []
    for provider in providers:
        assert days_of(provider)[1:] == [(LAST.date(), "pending", 3600.0, 20 * 3600.0, 3 * 3600.0, 2)]
        assert moments(provider) == [LAST + hours(4), NOW - DAY]


@pytest.mark.django_db
def test_the_days_leave_with_their_provider() -> None:
    provider = make_history((LAST + hours(3), "ready"))
    roll_up_history()
    assert ProviderDay.objects.count() == 1
    provider.delete()
    assert ProviderDay.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 5])
def test_many_providers_and_changes_cost_no_more_queries(size: int, django_assert_num_queries: Any) -> None:
    for _ in range(size):
        make_history(*((LAST + timedelta(minutes=minute), STATUSES[minute % 2]) for minute in range(size * 10)))
    with django_assert_num_queries(1 + 2 * (1 + 4 + 2)):  # two days; a transaction is two of them in a test
        roll_up_history()


def test_it_happens_by_itself() -> None:
    assert roll_up_history.name in {entry["task"] for entry in app.conf.beat_schedule.values()}


LIVES = st.lists(
    st.tuples(st.floats(0, 400 * 86_400), st.sampled_from(STATUSES)), max_size=30, unique_by=lambda change: change[0]
)


class EveryLife(TestCase):
    """Whatever happened, and whenever it was rolled up: shares, strip and the year's share stay what they were."""

    @effort(max_examples=60, deadline=None)
    @given(changes=LIVES, age=st.floats(1, 500 * 86_400), earlier=st.integers(0, 200))
    def test_no_share_is_another_one_than_before(
        self, changes: list[tuple[float, str]], age: float, earlier: int
    ) -> None:
        registered_at = NOW - timedelta(seconds=age)
        past = sorted((NOW - timedelta(seconds=ago), status) for ago, status in changes if ago < age)
        with patch.object(timezone, "now", return_value=NOW):
            provider = make_history(*past, registered_at=registered_at)
            before, whole = card_of(provider), year_of_all_changes(provider)
        for now in (NOW - timedelta(days=earlier), NOW):
            with patch.object(timezone, "now", return_value=now):
                roll_up_history()
        with patch.object(timezone, "now", return_value=NOW):
            after = card_of(provider)
        assert (after.day, after.month, after.strip) == (before.day, before.month, before.strip)
        assert before.year == (whole if whole is None else pytest.approx(whole))
        assert after.year == (whole if whole is None else pytest.approx(whole))
        assert_little_is_left(provider)


def year_of_all_changes(provider: WorkspaceProvider) -> float | None:
    changes = list(StatusChange.objects.filter(provider=provider))
    life = timeline.spans(changes, status=provider.status, registered_at=provider.created_at, now=NOW)
    return timeline.availability(life, start=timeline.midnight(NOW - YEAR), end=NOW)


def assert_little_is_left(provider: WorkspaceProvider) -> None:
    assert StatusChange.objects.filter(provider=provider, at__lt=NOW - settings.HISTORY_KEPT - DAY).count() <= 1


@pytest.mark.django_db
def test_the_year_costs_two_queries_however_long_it_was(django_assert_num_queries: Any) -> None:
    provider = make_history(
        *((NOW - number * DAY, STATUSES[number % 2]) for number in range(300, 0, -1)), registered_at=NOW - 350 * DAY
    )
    roll_up_history()
    with django_assert_num_queries(2):
        availability_of_year(provider, NOW)


@pytest.mark.django_db
def test_the_year_is_on_the_page_of_one_provider_and_stays_there(site_manager: User) -> None:
    provider = make_history((NOW - 200 * DAY, "ready"), (NOW - 20 * DAY, "error"), registered_at=NOW - 201 * DAY)
    roll_up_history()
    client, address = signed_in(site_manager), reverse("providers:provider_detail", args=[provider.pk])
    assert "<b>90 %</b> in 365 days" in client.get(address).content.decode()
    on_page = {"HX-Request": "true", "HX-Current-URL": f"https://coder.example.com{address}?expanded=1"}
    assert "<b>90 %</b> in 365 days" in client.get(address, headers=on_page).content.decode()


@pytest.mark.django_db
def test_a_card_in_the_list_does_not_ask_for_the_year(site_manager: User) -> None:
    provider, client = make_history((NOW - 200 * DAY, "ready"), registered_at=NOW - 201 * DAY), signed_in(site_manager)
    list_address = reverse("providers:provider_list")
    in_list = {"HX-Request": "true", "HX-Current-URL": f"https://coder.example.com{list_address}"}
    body, nowhere = reverse("providers:provider_detail", args=[provider.pk]), in_list | {"HX-Current-URL": "http://["}
    for address, headers in ((body, in_list), (body, nowhere), (f"{list_address}?expand=all", {})):
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address, headers=headers).content.decode()
        assert "in 30 days" in page
        assert "in 365 days" not in page
        assert not [query for query in queries if ProviderDay._meta.db_table in query["sql"]]
