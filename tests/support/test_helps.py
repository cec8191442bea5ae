"""What support staff may do: asked first, audited with their name, safe when repeated."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from environments.models import EnvironmentOperation
from environments.services import retry_environment_operation
from organizations.errors import RefusedError
from organizations.models import User
from organizations.services.locks import locks, unlock_sign_in
from organizations.support.helping import address_of
from providers.models import Operation
from providers.services import retry_operation
from tests.environments.things import make_work, outcomes
from tests.factories import make_environment, make_operation, make_provider
from tests.people import PASSWORD, make_user, signed_in

pytestmark = pytest.mark.django_db
ADDRESS = "192.0.2.7"


@pytest.fixture
def helper(support_person: User) -> Client:
    return signed_in(support_person)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What goes to workers, once committed."""
    messages: list[tuple[str, Any]] = []
    monkeypatch.setattr("providers.services.dispatch.send", lambda task, argument: messages.append((task, argument)))
    return messages


def lock(
    email: str, *, failures: int = 6, minutes_ago: int = 1, agent: str = "curl", address: str = ADDRESS
) -> AccessAttempt:
    attempt = AccessAttempt.objects.create(
        username=email, ip_address=address, user_agent=agent, failures_since_start=failures
    )
    AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=timezone.now() - timedelta(minutes=minutes_ago))
    return attempt


def test_looking_asks_and_does_nothing(helper: Client, sent: list[Any]) -> None:
    provider = make_provider(name="sydney")
    failed, locked = make_operation(make_provider(), state="failed"), lock(make_user().email)
    before = AuditEvent.objects.count()
    for thing, name, words in (
        (provider, "check", "nothing on it changes"),
        (failed, "retry", "in your name"),
        (locked, "unlock", "nobody learns a password"),
    ):
        assert address_of(thing, name) in helper.get(address_of(thing)).text
        page = helper.get(address_of(thing, name))
        assert page.status_code == 200 and words in page.text
        assert helper.put(address_of(thing, name)).status_code == 405
    assert (AuditEvent.objects.count(), sent, Operation.objects.count()) == (before, [], 1)


def test_a_provider_is_checked_now(helper: Client, sent: list[Any]) -> None:
    provider = make_provider(name="sydney")
    page = helper.post(address_of(provider, "check"), follow=True).text
    assert "sydney is being checked now" in page
    assert sent == [("providers.check_providers", [str(provider.pk)])]
    assert outcomes("provider.check") == [("succeeded", "support@example.com")]


def test_a_provider_without_a_credential_says_why_not(helper: Client, sent: list[Any]) -> None:
    provider = make_provider(credential=False)
    for answer in (helper.get, helper.post):
        assert "has not called home yet" in answer(address_of(provider, "check"), follow=True).text
    assert not sent


def test_a_failed_operation_is_retried_once(helper: Client, sent: list[Any]) -> None:
    failed = make_operation(state="failed", error_text="The release is broken.")
    assert "is queued again" in helper.post(address_of(failed, "retry"), follow=True).text
    again = Operation.objects.exclude(pk=failed.pk).get()
    assert (again.kind, again.state, again.requested_by_name) == ("deploy", "queued", "support@example.com")
    assert (
        "was asked for after it, by support@example.com" in helper.post(address_of(failed, "retry"), follow=True).text
    )
    assert Operation.objects.count() == 2 and len(sent) == 1
    event = AuditEvent.objects.get(action="provider.deploy")
    assert (event.actor_name, event.outcome) == ("support@example.com", "requested")
    assert event.after == {"operation": str(again.pk), "retry_of": str(failed.pk)}


def test_a_failed_build_is_retried_as_it_was_asked_for(helper: Client, sent: list[Any]) -> None:
    environment = make_environment()
    failed = make_work(environment, kind="rebuild", state="failed", parameters={"running": False})
    for _ in range(2):
        helper.post(address_of(failed, "retry"))
    again = EnvironmentOperation.objects.exclude(pk=failed.pk).get()
    assert (again.kind, again.state, again.parameters) == ("rebuild", "queued", {"running": False})
    assert outcomes("environment.rebuild") == [("requested", "support@example.com")]
    assert AuditEvent.objects.get(action="environment.rebuild").organization_id == str(environment.organization_id)


@pytest.mark.parametrize(
    "fields", [{"state": "succeeded"}, {"state": "running"}, {"state": "failed", "kind": "delete"}]
)
def test_nothing_but_a_failure_is_retried_and_no_deletion(
    fields: dict[str, str], helper: Client, sent: list[Any]
) -> None:
    for operation in (make_operation(**fields), make_work(make_environment(), **fields)):
        helper.post(address_of(operation, "retry"))
        assert (
            address_of(operation, "retry") not in helper.get(address_of(operation)).text or fields["state"] == "failed"
        )
    assert (Operation.objects.count(), EnvironmentOperation.objects.count(), sent) == (1, 1, [])


def test_an_operation_of_a_provider_that_is_gone_is_not_retried(helper: Client) -> None:
    operation = make_operation(state="failed", provider_name="sydney")
    Operation.objects.filter(pk=operation.pk).update(provider=None)
    assert "sydney is gone" in helper.post(address_of(operation, "retry"), follow=True).text


def test_a_locked_person_signs_in_after_the_unlocking(helper: Client) -> None:
    user, browser = make_user(email="ada@example.com"), Client(REMOTE_ADDR=ADDRESS)
    form = {"username": user.email, "password": "wrong"}
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = browser.post("/sign-in/", form)
    assert answer.status_code == 429
    attempt = AccessAttempt.objects.get()
    assert "ada@example.com can sign in again" in helper.post(address_of(attempt, "unlock"), follow=True).text
    assert browser.post("/sign-in/", {**form, "password": PASSWORD}).status_code == 302
    event = AuditEvent.objects.get(action="user.unlock")
    assert (event.actor_name, event.target_id) == ("support@example.com", str(user.pk))
    assert event.before == {"failures": settings.AXES_FAILURE_LIMIT, "addresses": [ADDRESS]}


def test_the_page_of_a_person_unlocks_all_addresses_once(helper: Client) -> None:
    user = make_user(email="ada@example.com")
    lock(user.email), lock(user.email, address="192.0.2.8"), lock("someone@example.com")
    helper.post(address_of(user, "unlock"))
    assert [each.email for each in locks()] == ["someone@example.com"]
    assert "is not locked" in helper.post(address_of(user, "unlock"), follow=True).text
    assert AuditEvent.objects.filter(action="user.unlock").count() == 1


def test_only_what_axes_would_refuse_is_a_lock() -> None:
    """It counts all browsers of an address together, and forgets after a quarter of an hour."""
    lock("ada@example.com", failures=3), lock("ada@example.com", failures=3, agent="Firefox")
    lock("few@example.com", failures=5), lock("old@example.com", minutes_ago=16)
    assert [(each.email, each.failures) for each in locks()] == [("ada@example.com", 6)]


@pytest.mark.parametrize("person", ["member", "auditor"])
def test_the_services_refuse_everybody_else(request: pytest.FixtureRequest, person: str) -> None:
    actor = Actor(user=request.getfixturevalue(person))
    lock("ada@example.com")
    with pytest.raises(PermissionDenied):
        unlock_sign_in(actor=actor, email="ada@example.com")
    with pytest.raises(PermissionDenied):
        retry_operation(actor=actor, operation=make_operation(state="failed"))
    with pytest.raises(PermissionDenied):
        retry_environment_operation(actor=actor, operation=make_work(make_environment(), state="failed"))
    assert len(locks()) == 1


def test_what_is_gone_leads_to_the_first_page(helper: Client) -> None:
    attempt = lock("ada@example.com")
    attempt_page = address_of(attempt, "unlock")
    attempt.delete()
    assert helper.post(attempt_page)["Location"] == "/support/"
    with pytest.raises(RefusedError):
        unlock_sign_in(actor=Actor(), email="ada@example.com")
