"""What the page of a provider tells of its past: changes, and availability."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from organizations.models import User
from providers import details
from providers.models import WorkspaceProvider
from tests.factories import make_provider, make_status_change
from tests.people import signed_in


@pytest.fixture
def manager(site_manager: User) -> Client:
    return signed_in(site_manager)


def text_of(client: Client, provider: WorkspaceProvider) -> str:
    return client.get(f"/manage/admin/workspace-providers/{provider.pk}/").text


def test_the_changes_are_told_with_durations_and_names(manager: Client) -> None:
    provider, now = make_provider(), timezone.now()
    for hours in range(12):
        make_status_change(provider, at=now - timedelta(hours=hours + 3), reason="dns_failed")
    make_status_change(provider, kind="cordon", old="", new="cordoned", at=now - timedelta(hours=2), message="upgrade")
    make_status_change(
        provider, kind="cordon", old="", new="uncordoned", at=now - timedelta(hours=1), actor_name="mira@example.com"
    )
    page = text_of(manager, provider)
    assert page.count("<b>Error</b> for 1 h") == 7
    assert "<b>Error</b> for 3 h so far" in page
    assert "<b>Cordoned</b> for 1 h" in page
    assert "by mira@example.com" in page


def test_availability_is_shown_and_said(manager: Client) -> None:
    now = timezone.now()
    provider = make_provider(status="error", created_at=now - timedelta(minutes=585))
    make_status_change(provider, old="", new="ready", at=now - timedelta(minutes=585))
    make_status_change(provider, old="ready", new="error", at=now - timedelta(minutes=117))
    page = text_of(manager, provider)
    assert 'aria-label="Availability of the last 24 hours: 80 %; in error during 4 of 48 half hours."' in page
    assert page.count('<i class="none"') == 28
    assert "not known yet" in text_of(manager, make_provider(status="pending"))


def test_one_that_flaps_is_counted_from_the_oldest_change_that_is_read(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(details, "MOST_CHANGES", 3)
    now = timezone.now()
    provider = make_provider(created_at=now - timedelta(days=20))
    for hours, old, new in (
        (48, "ready", "error"),
        (12, "error", "ready"),
        (6, "ready", "error"),
        (3, "error", "ready"),
    ):
        make_status_change(provider, old=old, new=new, at=now - timedelta(hours=hours))
    assert "<b>75 %</b> in 24 h" in text_of(manager, provider)
    assert "<b>75 %</b> in 30 days" in text_of(manager, provider)
