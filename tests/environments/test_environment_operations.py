"""Asking for work on an environment: who may, what is refused, what the audit trail keeps, and two at once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from environments.errors import OperationActiveError, PlacementRefusedError, RefusedError, StaleRevisionError
from environments.models import Environment, EnvironmentOperation
from environments.services import (
    cancel_environment_operation,
    delete_environment,
    postpone_auto_off,
    rebuild_environment,
    start_environment,
    stop_environment,
    stranded_environment_operations,
)
from organizations.choices import OrganizationRole
from organizations.models import Organization, User
from tests.environments.things import make_member, make_work, outcomes
from tests.factories import make_environment
from tests.organizations.threads import at_once
from tests.people import make_organization, make_user

pytestmark = pytest.mark.django_db
NO_CHANGE: dict[str, Any] = {"revision": 1, "changes": {}}


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", quota_cpu_cores=4, auto_off_hours=8)


@pytest.fixture
def owner(organization: Organization) -> User:
    return make_member(organization, email="ada@example.com")


@pytest.fixture
def environment(owner: User, organization: Organization) -> Environment:
    return make_environment(owner=owner, organization=organization, name="dev", cpu_cores=2, disk_gb=10)


@pytest.fixture
def actor(owner: User) -> Actor:
    return Actor(user=owner)


def put(environment: Environment, status: str) -> Environment:
    Environment.objects.filter(pk=environment.pk).update(status=status)
    environment.refresh_from_db()
    return environment


VERBS: dict[str, Callable[[Actor, Environment], object]] = {
    "start": lambda actor, environment: start_environment(actor=actor, environment=put(environment, "off")),
    "stop": lambda actor, environment: stop_environment(actor=actor, environment=environment),
    "rebuild": lambda actor, environment: rebuild_environment(actor=actor, environment=environment, **NO_CHANGE),
    "delete": lambda actor, environment: delete_environment(actor=actor, environment=environment),
    "postpone": lambda actor, environment: postpone_auto_off(actor=actor, environment=environment),
}


@pytest.mark.parametrize("verb", VERBS)
def test_owner_organization_manager_and_site_manager_may(
    verb: str, environment: Environment, owner: User, organization: Organization, site_manager: User
) -> None:
    manager = make_member(organization, OrganizationRole.MANAGER)
    people = [owner, manager, site_manager]
    for person in people:
        VERBS[verb](Actor(user=person), environment)
        environment.operations.update(state="succeeded")
    assert [name for _, name in outcomes(f"environment.{verb}")] == [person.email for person in people]


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_else_may(verb: str, environment: Environment, organization: Organization, auditor: User) -> None:
    elsewhere = make_member(make_organization(), OrganizationRole.MANAGER)
    for person in (make_user(), make_member(organization), elsewhere, auditor):
        with pytest.raises(PermissionDenied):
            VERBS[verb](Actor(user=person), environment)
    assert not EnvironmentOperation.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("verb", ["start", "stop", "rebuild", "delete"])
def test_work_is_queued_with_an_audit_row_and_refused_while_other_work_goes_on(
    verb: str, environment: Environment, actor: Actor
) -> None:
    operation = VERBS[verb](actor, environment)
    assert isinstance(operation, EnvironmentOperation)
    assert (operation.kind, operation.state) == (verb, "queued")
    assert outcomes(f"environment.{verb}") == [("requested", "ada@example.com")]
    with pytest.raises(OperationActiveError, match=r"by ada@example\.com is under way on dev"):
        VERBS[verb](actor, environment)
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize("verb", VERBS)
def test_what_was_deleted_meanwhile_is_said(verb: str, environment: Environment, actor: Actor) -> None:
    copy = Environment.objects.with_places().get()
    environment.delete()
    verbs = VERBS | {"start": lambda actor, gone: start_environment(actor=actor, environment=gone)}
    with pytest.raises(RefusedError, match="dev was deleted in the meantime"):
        verbs[verb](actor, copy)


def test_starting_what_is_on_and_stopping_what_is_off_writes_nothing(environment: Environment, actor: Actor) -> None:
    assert start_environment(actor=actor, environment=environment) is None
    assert stop_environment(actor=actor, environment=put(environment, "off")) is None
    assert not EnvironmentOperation.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("status", ["failed", "unknown", "creating"])
def test_what_is_neither_on_nor_off_may_be_started_and_stopped(
    status: str, environment: Environment, actor: Actor
) -> None:
    assert start_environment(actor=actor, environment=put(environment, status))
    environment.operations.update(state="failed")
    assert stop_environment(actor=actor, environment=environment)


def test_a_cordon_stops_nobody_from_starting_what_is_there(environment: Environment, actor: Actor) -> None:
    provider = environment.provider
    provider.cordoned_at, provider.cordon_reason = timezone.now(), "node upgrade"
    provider.save()
    assert start_environment(actor=actor, environment=put(environment, "off"))


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gets_the_environment(environment: Environment, actor: Actor) -> None:
    refusals = at_once(
        lambda: stop_environment(actor=actor, environment=environment),
        lambda: delete_environment(actor=actor, environment=environment),
    )
    assert [type(refusal) for refusal in refusals] == [OperationActiveError]
    assert EnvironmentOperation.objects.count() == 1
    assert AuditEvent.objects.count() == 1


def rebuild(environment: Environment, revision: int = 1, **changes: Any) -> EnvironmentOperation:
    return rebuild_environment(
        actor=Actor(user=environment.owner), environment=environment, revision=revision, changes=changes
    )


def test_a_rebuild_keeps_what_changed_and_what_it_was(environment: Environment) -> None:
    operation = rebuild(environment, cpu_cores=Decimal(3), tag="2", disk_gb=20)
    environment.refresh_from_db()
    assert (environment.cpu_cores, environment.tag, environment.disk_gb, environment.revision) == (3, "2", 20, 2)
    assert operation.parameters == {"running": True}
    event = AuditEvent.objects.get()
    assert event.before == {"cpu_cores": "2.00", "tag": "latest", "disk_gb": "10"}
    assert (event.after["cpu_cores"], event.after["tag"], event.after["disk_gb"]) == ("3", "2", "20")


def test_a_rebuild_without_a_change_builds_anew_and_keeps_the_revision(environment: Environment) -> None:
    rebuild(environment, tag="latest")
    environment.refresh_from_db()
    assert environment.revision == 1
    assert AuditEvent.objects.get().before == {}


def test_what_is_off_is_rebuilt_and_stays_off(environment: Environment) -> None:
    assert rebuild(put(environment, "off"), tag="2").parameters == {"running": False}


def test_the_disk_never_shrinks(environment: Environment) -> None:
    with pytest.raises(ValidationError) as error:
        rebuild(environment, disk_gb=9)
    assert error.value.message_dict == {"disk_gb": ["The disk never shrinks: it has 10 GB now."]}
    environment.refresh_from_db()
    assert (environment.disk_gb, environment.revision) == (10, 1)
    assert not EnvironmentOperation.objects.exists()


def test_a_form_that_somebody_overtook_changes_nothing(environment: Environment) -> None:
    rebuild(environment, tag="2")
    environment.operations.update(state="succeeded")
    with pytest.raises(StaleRevisionError, match="Somebody changed dev"):
        rebuild(environment, revision=1, tag="3")
    environment.refresh_from_db()
    assert environment.tag == "2"


def test_growing_beyond_the_quota_is_refused(environment: Environment, owner: User, organization: Organization) -> None:
    make_environment(owner=owner, organization=organization, cpu_cores=1)
    with pytest.raises(PlacementRefusedError, match=r"3\.5 CPU cores of 3 left"):
        rebuild(environment, cpu_cores=Decimal("3.5"))
    rebuild(environment, cpu_cores=Decimal(3))


def test_shrinking_is_allowed_even_if_it_is_not_enough_for_a_smaller_quota(environment: Environment) -> None:
    Organization.objects.update(quota_cpu_cores=1)
    rebuild(environment, cpu_cores=Decimal("1.5"))
    environment.refresh_from_db()
    assert environment.cpu_cores == Decimal("1.5")


def test_only_site_managers_leave_objects_behind(
    environment: Environment, actor: Actor, organization: Organization, site_manager: User
) -> None:
    manager = make_member(organization, OrganizationRole.MANAGER)
    for person in (environment.owner, manager):
        with pytest.raises(PermissionDenied):
            delete_environment(actor=Actor(user=person), environment=environment, leave_objects=True)
    delete_environment(actor=Actor(user=site_manager), environment=environment, leave_objects=True)
    assert AuditEvent.objects.get().after["leave_objects"] is True


def test_postponing_begins_the_idle_time_anew(environment: Environment, actor: Actor) -> None:
    Environment.objects.update(active_at=timezone.now() - timedelta(hours=7))
    after = postpone_auto_off(actor=actor, environment=environment)
    assert after.auto_off_at is not None
    assert after.auto_off_at > timezone.now() + timedelta(hours=7)
    assert outcomes("environment.postpone") == [("succeeded", "ada@example.com")]


@pytest.mark.parametrize(("status", "hours"), [("off", 8), ("on", None)])
def test_what_does_not_stop_by_itself_is_not_postponed(
    status: str, hours: int | None, environment: Environment, actor: Actor
) -> None:
    Organization.objects.update(auto_off_hours=hours)
    with pytest.raises(RefusedError, match="is not going to be stopped by itself"):
        postpone_auto_off(actor=actor, environment=put(environment, status))


def test_a_queued_operation_is_cancelled_at_once_and_only_once(environment: Environment, actor: Actor) -> None:
    operation = make_work(environment, state="queued")
    for _ in range(2):
        cancel_environment_operation(actor=actor, operation=operation)
    operation.refresh_from_db()
    assert operation.state == "cancelled"
    assert outcomes("operation.cancel.create") == [("succeeded", "ada@example.com")]


def test_a_running_operation_is_asked_to_end(environment: Environment, actor: Actor) -> None:
    operation = make_work(environment)
    cancel_environment_operation(actor=actor, operation=operation)
    operation.refresh_from_db()
    assert (operation.state, operation.cancel_requested) == ("running", True)
    with pytest.raises(PermissionDenied):
        cancel_environment_operation(actor=Actor(user=make_user()), operation=operation)


def test_a_lost_message_and_a_killed_worker_are_found(environment: Environment) -> None:
    past = timezone.now() - timedelta(minutes=1)
    lost = make_work(environment, state="queued", dispatched_at=past)
    killed = make_work(make_environment(), state="running", lease_expires_at=past)
    make_work(make_environment(), state="running", lease_expires_at=timezone.now() + timedelta(minutes=1))
    make_work(make_environment(), state="succeeded", dispatched_at=past)
    assert set(stranded_environment_operations()) == {lost.pk, killed.pk}
