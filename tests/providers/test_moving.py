"""Moving a provider to another place: what the service refuses, whoever asks."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from audit.services import Actor
from organizations.models import User
from providers.errors import OperationActiveError, RefusedError
from providers.models import ClusterCredential, WorkspaceProvider
from providers.services import request_check, update_provider
from providers.services.registration import follow_cluster
from providers.target import ClusterTarget
from tests.factories import make_built_in, make_operation, make_provider
from tests.providers.claims import claim_due_providers

ELSEWHERE = "https://203.0.113.99:6443"


@pytest.fixture
def actor(site_manager: User) -> Actor:
    return Actor(user=site_manager)


def move(actor: Actor, provider: WorkspaceProvider, target: ClusterTarget | None = None, **changes: Any) -> None:
    update_provider(actor=actor, provider=provider, revision=provider.revision, changes=changes, target=target)


def test_the_stored_credential_does_not_move_to_another_address(actor: Actor) -> None:
    provider = make_provider()
    with pytest.raises(ValidationError) as refusal:
        move(actor, provider, cluster_address=ELSEWHERE)
    assert list(refusal.value.message_dict) == ["cluster_address"]
    provider.refresh_from_db()
    assert provider.cluster_address != ELSEWHERE


def test_the_own_cluster_is_followed_although_its_stored_credential_can_not_be_read(db: None, settings: Any) -> None:
    provider = make_provider()
    settings.ENCRYPTION_KEYS = ["another key"]
    follow_cluster(provider, ClusterTarget(address=ELSEWHERE, namespace="coder", token="new-token"))
    assert ClusterCredential.objects.get().target().token == "new-token"


@pytest.mark.django_db
def test_the_own_cluster_is_checked_from_the_next_start_on_if_it_never_was() -> None:
    provider = make_built_in(next_check_at=None)
    follow_cluster(provider, ClusterTarget(address=ELSEWHERE, namespace="coder", token="token"))
    assert claim_due_providers() == [[provider.pk]]


def test_it_moves_with_the_credential_of_the_new_address(actor: Actor) -> None:
    provider = make_provider()
    target = ClusterTarget(address=ELSEWHERE, namespace="coder", token="new-token")
    move(actor, provider, target, cluster_address=ELSEWHERE)
    moved = WorkspaceProvider.objects.get(pk=provider.pk)
    assert moved.cluster_address == ELSEWHERE
    assert moved.credential.target().token == "new-token"


def test_it_does_not_move_below_a_running_operation(actor: Actor) -> None:
    provider = make_provider()
    make_operation(provider)
    with pytest.raises(OperationActiveError):
        move(actor, provider, namespace="elsewhere")


def test_a_name_changes_below_a_running_operation(actor: Actor) -> None:
    provider = make_provider()
    make_operation(provider)
    move(actor, provider, name="renamed")
    assert WorkspaceProvider.objects.get(pk=provider.pk).name == "renamed"


def test_built_in_stays_where_the_deployment_is(actor: Actor) -> None:
    built_in = make_built_in()
    for changes in ({"cluster_address": ELSEWHERE}, {"namespace": "elsewhere"}):
        with pytest.raises(RefusedError, match="built-in"):
            move(actor, built_in, **changes)


def test_what_we_hold_no_credential_for_is_not_checked(actor: Actor) -> None:
    with pytest.raises(RefusedError, match="no credential"):
        request_check(actor=actor, provider=make_provider(credential=False))
