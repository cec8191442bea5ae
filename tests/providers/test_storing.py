"""What is written of a check: little when nothing is new, by the rule when somebody else was faster."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.services import Actor
from organizations.models import User
from providers.models import WorkspaceProvider
from providers.services import update_provider
from providers.services.storing import DOWN_AFTER, store_all, store_evidence
from tests.factories import make_provider
from tests.providers.test_checking import evidence, refused


def checked_before(count: int = 1, **fields: Any) -> list[WorkspaceProvider]:
    """Providers of which a check has stored all that it found, as the next check loads them."""
    for _ in range(count):
        store_evidence(make_provider(**fields), evidence())
    return list(WorkspaceProvider.objects.with_version())


@pytest.mark.django_db
class TestNothingNew:
    def test_of_a_group_is_stored_in_one_statement_that_notes_the_moment_only(self) -> None:
        providers = checked_before(3)
        turns = {provider.pk: provider.next_check_at for provider in providers}
        with CaptureQueriesContext(connection) as captured:
            store_all([(provider, evidence(duration_ms=77)) for provider in providers])
        assert len(captured) == 1
        for old in providers:
            new = WorkspaceProvider.objects.get(pk=old.pk)
            assert (new.last_check_ms, new.failed_checks) == (77, 0)
            assert (new.next_check_at, new.evidence) == (turns[old.pk], old.evidence)

    def test_with_the_verbs_asked_for_is_no_other(self) -> None:
        provider = make_provider()
        store_evidence(provider, evidence(denied=(), storage_classes=("fast",)))
        (loaded,) = WorkspaceProvider.objects.with_version()
        found = evidence(denied=(), storage_classes=("fast",))
        with CaptureQueriesContext(connection) as captured:
            store_all([(loaded, found)])
        assert len(captured) == 1
        assert WorkspaceProvider.objects.get().verbs_checked_at == found.checked_at

    def test_of_those_that_still_are_down_is_stored_in_one_statement_too(self, settings: Any) -> None:
        for provider in checked_before(3):
            for _ in range(2):
                store_evidence(provider, refused())
        WorkspaceProvider.objects.update(last_beat_at=timezone.now() - timedelta(hours=1))
        providers = list(WorkspaceProvider.objects.with_version())
        began = timezone.now()
        with CaptureQueriesContext(connection) as captured:
            store_all([(provider, refused(duration_ms=78)) for provider in providers])
        assert len(captured) == 1
        for new in WorkspaceProvider.objects.all():
            assert (new.status, new.last_check_ms, new.failed_checks) == ("error", 78, 3)
            assert new.next_check_at >= began + DOWN_AFTER * settings.CHECK_INTERVAL

    def test_to_the_verbs_not_asked_this_time_stays_what_was_answered(self) -> None:
        provider = make_provider()
        store_evidence(provider, evidence(denied=(), storage_classes=("fast",)))
        (loaded,) = WorkspaceProvider.objects.with_version()
        with CaptureQueriesContext(connection) as captured:
            store_all([(loaded, evidence())])
        assert len(captured) == 1
        assert WorkspaceProvider.objects.get().evidence["denied"] == []


@pytest.mark.django_db
def test_what_can_not_be_stored_is_one_providers_trouble() -> None:
    strange, down = checked_before(2)
    store_all([(strange, evidence(storage_classes=("fast\x00",))), (down, refused())])
    store_all([(strange, evidence(storage_classes=("fast\x00",))), (down, refused())])
    found = {provider.pk: provider for provider in WorkspaceProvider.objects.all()}
    assert (found[strange.pk].status, found[strange.pk].reason) == ("error", "unexpected")
    assert (found[down.pk].status, found[down.pk].reason) == ("error", "connection_refused")


@pytest.mark.django_db
class TestTwoChecksOfTheSameMoment:
    """One that somebody asked for begins while another is under way."""

    def test_are_one_failure(self) -> None:
        (provider,) = checked_before()
        began = timezone.now()
        store_evidence(provider, refused(checked_at=began, duration_ms=6000))
        store_evidence(provider, refused(checked_at=began + timedelta(seconds=2), duration_ms=6000))
        provider.refresh_from_db()
        assert (provider.status, provider.failed_checks) == ("ready", 1)
        store_evidence(provider, refused(checked_at=began + timedelta(seconds=9)))
        assert WorkspaceProvider.objects.get().status == "error"

    def test_are_both_stored(self) -> None:
        (provider,) = checked_before()
        began = timezone.now()
        store_evidence(provider, refused(checked_at=began, duration_ms=6000))
        store_evidence(provider, evidence(checked_at=began + timedelta(seconds=2)))
        provider.refresh_from_db()
        assert (provider.reason, provider.failed_checks) == ("", 0)


@pytest.mark.django_db
class TestSomebodyWasFaster:
    def test_with_a_failure_the_rule_counts_from_there(self) -> None:
        (provider,) = checked_before()
        store_evidence(WorkspaceProvider.objects.get(), refused())
        store_all([(provider, refused())])
        assert WorkspaceProvider.objects.get().status == "error", "the second in a row"

    def test_with_an_edit_the_evidence_is_dropped(self, site_manager: User) -> None:
        (provider,) = checked_before()
        changes = {"namespace": "elsewhere"}
        current = WorkspaceProvider.objects.get()
        update_provider(actor=Actor(user=site_manager), provider=current, revision=1, changes=changes)
        before = WorkspaceProvider.objects.get()
        store_all([(provider, evidence(duration_ms=99))])
        assert WorkspaceProvider.objects.get().last_check_ms == before.last_check_ms


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_delays_only_itself() -> None:
    held, free = checked_before(2)
    stored = threading.Thread(target=in_a_thread, args=[[(held, evidence(duration_ms=7)), (free, evidence())]])
    with transaction.atomic():
        WorkspaceProvider.objects.select_for_update().get(pk=held.pk)
        moment = WorkspaceProvider.objects.get(pk=free.pk).last_check_at
        stored.start()
        while WorkspaceProvider.objects.get(pk=free.pk).last_check_at == moment:
            stored.join(0.01)
        assert stored.is_alive()
    stored.join()
    assert WorkspaceProvider.objects.get(pk=held.pk).last_check_ms == 7


def in_a_thread(found: Any) -> None:
    store_all(found)
    connection.close()
