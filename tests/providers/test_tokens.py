"""envproxy tokens: made, first used, replaced, revoked."""

from datetime import timedelta

import pytest
import yaml
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from organizations.models import User
from providers.choices import ProviderStatus
from providers.errors import OperationActiveError, RefusedError
from providers.helm.release import CHART_DIRECTORY
from providers.kube.evidence import Evidence
from providers.models import EnvproxyToken, WorkspaceProvider
from providers.services import Beat, receive_beat, revoke_envproxy_tokens, rotate_envproxy_token, tokens
from providers.services.checking import store_evidence
from providers.services.tokens import (
    DRAIN,
    TOKEN_OVERLAP,
    UNUSED_LIFETIME,
    mint_token,
    provider_of_token,
    retire_older_tokens,
)
from providers.tokens import digest_of
from tests.factories import make_built_in, make_operation, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(site_manager: User) -> Actor:
    return Actor(user=site_manager, address="192.0.2.7")


@pytest.fixture
def provider() -> WorkspaceProvider:
    return make_provider(name="sydney")


def rotate(actor: Actor, provider: WorkspaceProvider) -> str:
    return str(rotate_envproxy_token(actor=actor, provider=provider))


def row_of(token: str) -> EnvproxyToken:
    return EnvproxyToken.objects.get(digest=digest_of(token))


def beat(token: str) -> WorkspaceProvider:
    return receive_beat(token=token, beat=Beat(access_url="https://coder.example.com"), address="203.0.113.9")


def left(token: str) -> timedelta:
    end = row_of(token).expires_at
    assert end is not None
    return end - timezone.now()


def test_only_a_digest_is_stored(actor: Actor, provider: WorkspaceProvider) -> None:
    token = rotate_envproxy_token(actor=actor, provider=provider)
    row = EnvproxyToken.objects.get(provider=provider)
    assert row.digest == digest_of(token) != token
    assert str(token) not in str(AuditEvent.objects.values_list())
    assert token not in repr(token)


def test_built_in_has_none(actor: Actor) -> None:
    with pytest.raises(RefusedError, match="built-in"):
        rotate_envproxy_token(actor=actor, provider=make_built_in())


def test_one_that_nobody_uses_ends_after_a_week(actor: Actor, provider: WorkspaceProvider) -> None:
    assert UNUSED_LIFETIME - timedelta(minutes=1) < left(rotate(actor, provider)) <= UNUSED_LIFETIME


def test_the_first_use_takes_its_end_away_and_supersedes_the_older_ones(
    actor: Actor, provider: WorkspaceProvider
) -> None:
    older, newer = rotate(actor, provider), rotate(actor, provider)
    assert left(older) <= TOKEN_OVERLAP
    beat(newer)
    assert row_of(newer).expires_at is None
    assert (row_of(newer).last_used_address, row_of(older).may_beat) == ("203.0.113.9", False)
    with pytest.raises(PermissionDenied):
        beat(older)


def test_a_pod_that_ends_may_ask_with_its_superseded_token_until_it_must_be_gone(
    actor: Actor, provider: WorkspaceProvider
) -> None:
    """Or its open connections would be cut as soon as the new pods beat."""
    older, newer = rotate(actor, provider), rotate(actor, provider)
    beat(older)
    beat(newer)
    assert provider_of_token(older) == provider
    assert DRAIN - timedelta(minutes=1) < left(older) <= DRAIN
    revoke_envproxy_tokens(actor=actor, provider=provider, token=row_of(older))
    with pytest.raises(PermissionDenied):
        provider_of_token(older)


def test_how_long_old_pods_may_end_is_what_the_chart_says() -> None:
    values = yaml.safe_load((CHART_DIRECTORY / "values.yaml").read_text())
    assert values["envproxy"]["terminationGracePeriodSeconds"] == DRAIN.total_seconds()


def test_the_first_use_of_an_older_one_does_not_let_it_live_beyond_the_overlap(
    actor: Actor, provider: WorkspaceProvider
) -> None:
    older, newer = rotate(actor, provider), rotate(actor, provider)
    beat(older)
    assert left(older) <= TOKEN_OVERLAP
    assert row_of(newer).is_alive


def test_the_use_of_a_deploy_that_failed_does_not_let_its_token_live_on(provider: WorkspaceProvider) -> None:
    operation = make_operation(provider, state="failed")
    end = timezone.now() + timedelta(hours=2)
    EnvproxyToken.objects.create(provider=provider, digest=digest_of("t"), minted_by=operation, expires_at=end)
    beat("t")
    assert row_of("t").expires_at == end


def test_the_use_of_a_deploy_that_failed_does_not_supersede_what_it_went_back_to(
    actor: Actor, provider: WorkspaceProvider
) -> None:
    """A pod that could not be taken away again would cut off all others."""
    older, end = rotate(actor, provider), timezone.now() + timedelta(hours=2)
    beat(older)
    operation = make_operation(provider, state="failed")
    EnvproxyToken.objects.create(provider=provider, digest=digest_of("t"), minted_by=operation, expires_at=end)
    beat("t")
    assert (row_of(older).may_beat, row_of(older).expires_at) == (True, None)


def test_none_is_made_by_hand_while_a_deploy_brings_one(actor: Actor, provider: WorkspaceProvider) -> None:
    operation = make_operation(provider, state="running")
    minted, row = mint_token(provider, operation)
    with pytest.raises(OperationActiveError):
        rotate(actor, provider)
    retire_older_tokens(row)
    assert row_of(minted).expires_at is None


def test_a_deploy_retires_no_newer_token(actor: Actor, provider: WorkspaceProvider) -> None:
    _, slow = mint_token(provider, make_operation(provider, state="failed"))
    newer, _ = mint_token(provider, make_operation(provider, state="succeeded"))
    retire_older_tokens(slow)
    assert row_of(newer).expires_at is None


def test_a_form_that_is_sent_again_makes_no_second_token(actor: Actor, provider: WorkspaceProvider) -> None:
    rotate_envproxy_token(actor=actor, provider=provider, newest=0)
    with pytest.raises(RefusedError, match="No token was made") as refused:
        rotate_envproxy_token(actor=actor, provider=provider, newest=0)
    assert "make another one" in refused.value.remedy
    assert EnvproxyToken.objects.count() == 1


def test_one_is_revoked_and_the_others_go_on(actor: Actor, provider: WorkspaceProvider) -> None:
    leaked, other = rotate(actor, provider), rotate(actor, provider)
    assert revoke_envproxy_tokens(actor=actor, provider=provider, token=row_of(leaked)) == 1
    with pytest.raises(PermissionDenied, match="revoked"):
        beat(leaked)
    beat(other)
    event = AuditEvent.objects.get(action="provider.revoke_token")
    assert (event.actor_name, event.after) == ("manager@example.com", {"tokens": [row_of(leaked).pk]})


def test_all_are_revoked_and_the_second_time_nothing_happens(actor: Actor, provider: WorkspaceProvider) -> None:
    stranger = rotate(actor, make_provider())
    own = [rotate(actor, provider), rotate(actor, provider)]
    assert [revoke_envproxy_tokens(actor=actor, provider=provider) for _ in range(2)] == [2, 0]
    assert not any(row_of(token).is_alive for token in own)
    assert row_of(stranger).is_alive
    assert AuditEvent.objects.filter(action="provider.revoke_token").count() == 1


def test_only_site_managers_revoke(actor: Actor, provider: WorkspaceProvider, auditor: User) -> None:
    token = rotate(actor, provider)
    with pytest.raises(PermissionDenied):
        revoke_envproxy_tokens(actor=Actor(user=auditor), provider=provider)
    assert row_of(token).is_alive


def test_a_beat_with_an_ended_token_is_noted_once_a_minute(
    actor: Actor, provider: WorkspaceProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, other = rotate(actor, provider), rotate(actor, make_provider(name="oslo"))
    EnvproxyToken.objects.update(expires_at=timezone.now())
    for shown in (token, token, other):
        with pytest.raises(PermissionDenied):
            beat(shown)
    denied = AuditEvent.objects.filter(action="provider.beat", outcome="denied")
    assert sorted(event.target_name for event in denied) == ["oslo", "sydney"]
    event = denied.get(target_name="sydney")
    assert (event.actor_name, event.address) == ("envproxy", "203.0.113.9")
    assert event.after == {"token": row_of(token).pk}
    monkeypatch.setattr(tokens, "DENIED_EVERY", timedelta(0))  # the minute is over
    with pytest.raises(PermissionDenied):
        beat(token)
    assert denied.all().count() == 3


def silent_message(provider: WorkspaceProvider) -> str:
    WorkspaceProvider.objects.update(last_beat_at=timezone.now() - timedelta(minutes=2))
    evidence = Evidence(checked_at=timezone.now(), duration_ms=0, reachable=True)
    provider.refresh_from_db()
    for _ in range(2):
        store_evidence(provider, evidence)
    provider.refresh_from_db()
    assert (provider.status, provider.reason) == (ProviderStatus.ERROR, "beat_silent")
    return provider.message


def test_a_provider_whose_last_token_was_revoked_says_by_whom(actor: Actor, provider: WorkspaceProvider) -> None:
    rotate(actor, provider)
    revoke_envproxy_tokens(actor=actor, provider=provider)
    assert "Its last envproxy token was revoked by manager@example.com at" in silent_message(provider)


def test_a_provider_whose_last_token_has_expired_says_so(actor: Actor, provider: WorkspaceProvider) -> None:
    rotate(actor, provider)
    EnvproxyToken.objects.update(expires_at=timezone.now())
    assert "Its last envproxy token has expired. Rotate the token" in silent_message(provider)


def test_a_provider_with_a_valid_token_is_only_silent(actor: Actor, provider: WorkspaceProvider) -> None:
    rotate(actor, provider)
    rotate(actor, provider)
    revoke_envproxy_tokens(actor=actor, provider=provider, token=EnvproxyToken.objects.first())
    assert "token" not in silent_message(provider)
