"""Cordon, default, check now, token: permission, audit, repeated, two at once."""

import threading
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from organizations.models import User
from providers import services
from providers.choices import ProviderStatus
from providers.errors import RefusedError
from providers.models import WorkspaceProvider
from tests.factories import make_built_in, make_provider


@pytest.fixture
def actor(site_manager: User) -> Actor:
    return Actor(user=site_manager, address="192.0.2.7")


def cordon(*, actor: Actor, provider: WorkspaceProvider) -> WorkspaceProvider:
    return services.cordon_provider(actor=actor, provider=provider, reason="node upgrade")


VERBS = [
    cordon,
    services.uncordon_provider,
    services.set_default_provider,
    services.request_check,
    services.rotate_envproxy_token,
]


@pytest.mark.parametrize("verb", VERBS)
def test_an_auditor_and_a_member_may_do_none_of_it(verb: Any, auditor: User, member: User) -> None:
    provider = make_provider()
    for person in (auditor, member):
        with pytest.raises(PermissionDenied):
            verb(actor=Actor(user=person), provider=provider)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("verb", VERBS)
def test_a_provider_deleted_in_the_meantime_is_a_refusal(verb: Any, actor: Actor) -> None:
    provider = make_provider()
    WorkspaceProvider.objects.all().delete()
    with pytest.raises(RefusedError, match="was deleted in the meantime"):
        verb(actor=actor, provider=provider)


def test_a_cordon_says_who_why_and_since_when(actor: Actor) -> None:
    provider = cordon(actor=actor, provider=make_provider())
    assert provider.cordoned_by == "manager@example.com"
    assert provider.cordon_reason == "node upgrade"
    event = AuditEvent.objects.get(action="provider.cordon")
    assert (event.after, event.address) == ({"reason": "node upgrade"}, "192.0.2.7")
    assert provider.status == ProviderStatus.READY, "the status is a fact of its own"


def test_cordoning_twice_writes_once(actor: Actor) -> None:
    provider = make_provider()
    for _ in range(2):
        cordon(actor=actor, provider=provider)
    assert AuditEvent.objects.filter(action="provider.cordon").count() == 1
    assert provider.status_changes.filter(kind="cordon").count() == 1


def test_uncordoning_opens_it_and_remembers_the_reason_in_the_audit(actor: Actor) -> None:
    provider = cordon(actor=actor, provider=make_provider())
    for _ in range(2):
        provider = services.uncordon_provider(actor=actor, provider=provider)
    assert not provider.is_cordoned
    assert AuditEvent.objects.get(action="provider.uncordon").before == {"reason": "node upgrade"}


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_cordon_needs_a_reason(actor: Actor, reason: str) -> None:
    with pytest.raises(RefusedError, match="Say why"):
        services.cordon_provider(actor=actor, provider=make_provider(), reason=reason)


def test_the_default_moves(actor: Actor) -> None:
    built_in, sydney = make_built_in(), make_provider(name="sydney")
    services.set_default_provider(actor=actor, provider=sydney)
    assert [provider.name for provider in WorkspaceProvider.objects.filter(is_default=True)] == ["sydney"]
    event = AuditEvent.objects.get(action="provider.set_default")
    assert (event.before, event.after) == ({"default": built_in.name}, {"default": "sydney"})


@pytest.mark.parametrize(
    "state", [{"status": "pending"}, {"status": "error"}, {"cordoned_at": timezone.now(), "cordon_reason": "upgrade"}]
)
def test_what_takes_no_environments_can_not_become_the_default(actor: Actor, state: dict[str, Any]) -> None:
    make_built_in()
    with pytest.raises(RefusedError, match="can't be the default"):
        services.set_default_provider(actor=actor, provider=make_provider(**state))
    assert WorkspaceProvider.objects.get(is_default=True).built_in


def test_what_is_being_deleted_can_not_become_the_default(actor: Actor) -> None:
    make_built_in()
    provider = make_provider()
    services.request_delete(actor=actor, provider=provider)
    with pytest.raises(RefusedError, match="is being deleted"):
        services.set_default_provider(actor=actor, provider=provider)


@pytest.mark.django_db(transaction=True)
def test_however_many_set_the_default_at_once_there_is_exactly_one(actor: Actor) -> None:
    make_built_in()
    candidates = [make_provider() for _ in range(4)]
    barrier, errors = threading.Barrier(len(candidates)), []

    def choose(provider: WorkspaceProvider) -> None:
        barrier.wait()
        try:
            services.set_default_provider(actor=actor, provider=provider)
        except Exception as error:  # noqa: BLE001 - any error at all fails the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=choose, args=[provider]) for provider in candidates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert WorkspaceProvider.objects.filter(is_default=True).count() == 1


def test_check_now_asks_for_the_verbs_again_and_notes_the_request(actor: Actor) -> None:
    provider = services.request_check(actor=actor, provider=make_provider(verbs_checked_at=timezone.now()))
    assert provider.check_requested_at is not None
    assert provider.verbs_checked_at is None
