"""Checks: claimed once, stored by the rule, and what a cluster's faults look like from here."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from audit.services import Actor
from organizations.models import User
from providers.choices import AccessURLState, ProviderStatus
from providers.kube.evidence import Evidence, ReleaseFacts
from providers.models import AccessURL, ClusterCredential, WorkspaceProvider
from providers.services import request_deploy, update_provider
from providers.services.checking import VERBS_EVERY, check_providers, store_evidence, verbs_every
from tests.clusters import FaultyCluster
from tests.factories import make_provider
from tests.providers.claims import claim_due_providers
from tests.providers.clusters import done, register_on, soon, target_in


def evidence(**fields: Any) -> Evidence:
    """Of a check that ended in no time, so that the next one comes after it."""
    return replace(Evidence(checked_at=timezone.now(), duration_ms=0, reachable=True), **fields)


def release(revision: int, *, in_force: int | None = None) -> ReleaseFacts:
    return ReleaseFacts(
        name="coder-workspace-provider",
        revision=revision,
        status="deployed",
        deployed_revision=in_force or revision,
        chart_version="0.1.0",
        updated=None,
    )


def refused(**fields: Any) -> Evidence:
    return evidence(reachable=False, reason="connection_refused", message="Nobody listens there.", **fields)


class TestStoring:
    def test_two_failures_in_a_row_turn_ready_into_error_and_leave_one_change(self, db: None) -> None:
        provider = make_provider()
        for _ in range(3):
            store_evidence(provider, refused())
        provider.refresh_from_db()
        assert (provider.status, provider.reason) == (ProviderStatus.ERROR, "connection_refused")
        assert [(change.old, change.new) for change in provider.status_changes.all()] == [("ready", "error")]
        assert provider.failed_checks == 3

    def test_the_first_failure_is_looked_at_again_soon(self, db: None, settings: Any) -> None:
        soon(settings, CHECK_INTERVAL=30)
        provider = make_provider()
        store_evidence(provider, refused())
        provider.refresh_from_db()
        assert provider.status == ProviderStatus.READY
        assert provider.next_check_at < timezone.now() + timedelta(seconds=11)

    def test_one_success_turns_it_back(self, db: None) -> None:
        provider = make_provider(status=ProviderStatus.ERROR, failed_checks=9, failing_since=timezone.now())
        store_evidence(provider, evidence())
        provider.refresh_from_db()
        assert (provider.status, provider.reason, provider.failed_checks) == (ProviderStatus.READY, "", 0)
        assert provider.failing_since is None

    def test_failures_with_a_success_between_are_no_error(self, db: None) -> None:
        provider = make_provider()
        for found in (refused(), evidence(), refused(), evidence(), refused()):
            store_evidence(provider, replace(found, checked_at=timezone.now()))
        provider.refresh_from_db()
        assert provider.status == ProviderStatus.READY
        assert not provider.status_changes.exists()

    def test_evidence_that_comes_late_does_not_overwrite_newer(self, db: None) -> None:
        provider = make_provider(last_check_at=timezone.now())
        store_evidence(provider, refused(checked_at=timezone.now() - timedelta(minutes=1)))
        provider.refresh_from_db()
        assert provider.failed_checks == 0

    def test_a_denied_verb_is_asked_about_again_until_it_is_granted(self, db: None) -> None:
        provider = make_provider(verbs_checked_at=timezone.now() - timedelta(hours=1))
        for denied in (("create pods",), ()):
            store_evidence(provider, evidence(denied=denied, reason="verb_denied" if denied else ""))
            provider.refresh_from_db()
            assert (timezone.now() - provider.verbs_checked_at < timedelta(minutes=1)) is not bool(denied)

    def test_evidence_from_before_an_edit_is_dropped(self, db: None, site_manager: User) -> None:
        provider = make_provider(status=ProviderStatus.ERROR)
        changes = {"namespace": "elsewhere"}
        update_provider(actor=Actor(user=site_manager), provider=provider, revision=1, changes=changes)
        store_evidence(provider, evidence())
        moved = WorkspaceProvider.objects.get()
        assert moved.status == ProviderStatus.ERROR
        assert claim_due_providers() == [[provider.pk]]

    def test_a_moment_of_a_clock_that_was_wrong_holds_up_nothing(self, db: None) -> None:
        provider = make_provider(status=ProviderStatus.ERROR, last_check_at=timezone.now() + timedelta(hours=1))
        store_evidence(provider, evidence())
        provider.refresh_from_db()
        assert provider.status == ProviderStatus.READY

    def test_the_values_of_the_release_are_kept_until_another_revision_or_none_is_seen(self, db: None) -> None:
        provider = make_provider()
        for found, expected in (
            (evidence(release=release(3), release_values={"a": 1}), ({"a": 1}, 3)),
            (evidence(release=release(3)), ({"a": 1}, 3)),
            (refused(), ({"a": 1}, 3)),
            (evidence(release=release(5, in_force=4), release_values={"a": 2}), ({"a": 2}, 4)),
            (evidence(reason="release_missing"), ({}, None)),
        ):
            store_evidence(provider, replace(found, checked_at=timezone.now()))
            provider.refresh_from_db()
            assert (provider.release_values, provider.release_values_revision) == expected

    def test_another_place_has_another_release(self, db: None, site_manager: User) -> None:
        known = {"release_values": {"a": 1}, "release_values_revision": 3}
        provider = make_provider(**known, deployed_values={"a": 1}, deployed_revision=3)
        actor = Actor(user=site_manager)
        renamed = update_provider(actor=actor, provider=provider, revision=1, changes={"name": "renamed"})
        assert (renamed.release_values_revision, renamed.deployed_revision) == (3, 3)
        update_provider(actor=actor, provider=provider, revision=2, changes={"namespace": "elsewhere"})
        provider.refresh_from_db()
        assert (provider.release_values, provider.release_values_revision) == ({}, None)
        assert (provider.deployed_values, provider.deployed_revision) == ({}, None)

    def test_an_access_url_that_is_no_longer_accepted_is_an_error_after_two_checks(self, db: None) -> None:
        provider = make_provider(last_beat_at=timezone.now(), last_beat_access_url="https://old.example.com")
        AccessURL.objects.create(url="https://new.example.com", state=AccessURLState.CURRENT)
        old = AccessURL.objects.create(url="https://old.example.com", state=AccessURLState.ACCEPTED)
        store_evidence(provider, evidence())
        old.state = AccessURLState.RETIRED
        old.save()
        found = []
        for _ in range(2):
            store_evidence(provider, evidence())
            provider.refresh_from_db()
            found.append((provider.status, provider.reason))
        assert found == [("ready", "access_url_outdated"), ("error", "access_url_outdated")]
        assert "https://new.example.com" in provider.message

    def test_the_url_of_envproxy_is_asked_once_it_has_called_home(self, db: None) -> None:
        """Nobody listens there, and none of both clusters exists."""
        called = make_provider(hostname="http://127.0.0.1:1", cluster_address="https://one.invalid")
        called.last_beat_at = timezone.now()
        called.save()
        silent = make_provider(hostname="http://127.0.0.1:1", cluster_address="https://two.invalid")
        check_providers([called.pk, silent.pk])
        called.refresh_from_db()
        silent.refresh_from_db()
        problem = "127.0.0.1:1 refuses the connection."
        assert called.evidence["url_answer"] == {"answers": False, "problem": problem}
        assert silent.evidence["url_answer"] is None
        assert called.reason == "dns_failed", "the cluster's trouble is named first"

    def test_a_deleted_provider_is_passed_over(self, db: None) -> None:
        provider = make_provider()
        WorkspaceProvider.objects.all().delete()
        store_evidence(provider, refused())
        assert not WorkspaceProvider.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestClaiming:
    def test_only_what_is_due_and_each_only_once(self) -> None:
        now = timezone.now()
        due = make_provider(next_check_at=now - timedelta(seconds=1))
        make_provider(next_check_at=now + timedelta(minutes=1))
        make_provider(next_check_at=None)
        assert claim_due_providers() == [[due.pk]]
        assert claim_due_providers() == []

    def test_sweeps_at_the_same_time_share_the_work_without_overlap(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        expected = {make_provider(next_check_at=past).pk for _ in range(60)}
        claimed: list[Any] = []
        barrier = threading.Barrier(4)

        def sweep() -> None:
            barrier.wait()
            claimed.extend(provider for batch in claim_due_providers() for provider in batch)
            connection.close()

        threads = [threading.Thread(target=sweep) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(claimed) == len(expected)
        assert set(claimed) == expected


@pytest.mark.django_db(transaction=True)
class TestAgainstACluster:
    @pytest.fixture
    def provider(self, faulty_cluster: FaultyCluster, site_manager: User) -> WorkspaceProvider:
        actor = Actor(user=site_manager)
        provider = register_on(actor, target_in(faulty_cluster.kubeconfig, faulty_cluster.namespace))
        operation = done(request_deploy(actor=actor, provider=provider))
        assert operation.state == "succeeded", operation.error_text
        return provider

    def checked(self, provider: WorkspaceProvider, times: int = 1) -> WorkspaceProvider:
        for _ in range(times):
            check_providers([provider.pk])
        provider.refresh_from_db()
        return provider

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            ("unreachable", "connection_refused"),
            ("expired-certificate", "tls_expired"),
            ("wrong-name-certificate", "tls_wrong_name"),
            ("untrusted-certificate", "tls_untrusted"),
            ("revoked-token", "credential_refused"),
            ("not-ready", "api_not_ready"),
            ("old-version", "version_too_old"),
            ("silent", "read_timeout"),
        ],
    )
    def test_a_fault_is_named_within_two_checks_and_forgotten_after_one(
        self, fault: str, reason: str, provider: WorkspaceProvider, faulty_cluster: FaultyCluster, settings: Any
    ) -> None:
        soon(settings, CHECK_TIMEOUT=2)
        faulty_cluster.fault(fault)
        assert self.checked(provider).status == ProviderStatus.READY
        self.checked(provider)
        assert (provider.status, provider.reason) == (ProviderStatus.ERROR, reason), provider.message
        faulty_cluster.fault(fault, on=False)
        assert self.checked(provider).status == ProviderStatus.READY, provider.message

    def test_a_denied_verb_is_found_by_a_requested_check(
        self, provider: WorkspaceProvider, faulty_cluster: FaultyCluster
    ) -> None:
        faulty_cluster.fault("denied-verbs")
        assert self.checked(provider, times=2).reason == "verb_denied"

    def test_a_credential_written_with_a_lost_key_is_an_error_with_its_remedy(
        self, provider: WorkspaceProvider, settings: Any
    ) -> None:
        settings.ENCRYPTION_KEYS = ["another key"]
        assert self.checked(provider, times=2).reason == "credential_unreadable"

    def test_one_dead_cluster_does_not_keep_the_others_waiting(
        self, provider: WorkspaceProvider, settings: Any
    ) -> None:
        soon(settings, CHECK_TIMEOUT=1)
        dead = make_provider(cluster_address="https://192.0.2.1:6443", credential=False)
        ClusterCredential.objects.create(provider=dead, token="x")
        check_providers([dead.pk, provider.pk])
        provider.refresh_from_db()
        assert provider.status == ProviderStatus.READY
        assert provider.last_check_ms < 1000


def test_those_that_were_registered_together_are_not_asked_for_their_verbs_together() -> None:
    times = sorted(verbs_every(WorkspaceProvider(pk=uuid4())) for _ in range(200))
    assert times[0] >= VERBS_EVERY and times[-1] <= 1.5 * VERBS_EVERY
    assert times[150] - times[50] > VERBS_EVERY / 8
