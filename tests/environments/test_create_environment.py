"""Creating an environment: who may, where it may be, what is written, and two at once."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from environments.errors import PlacementRefusedError, RefusedError
from environments.models import Environment, EnvironmentOperation
from environments.placement import place
from environments.services import Plan, create_environment
from organizations.choices import OrganizationRole
from organizations.models import Membership, Organization, User
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.environments.things import IMAGE, make_member, make_plan, outcomes
from tests.factories import make_environment, make_operation, make_provider
from tests.organizations.threads import at_once
from tests.people import make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", quota_cpu_cores=4)


@pytest.fixture
def owner(organization: Organization) -> User:
    return make_member(organization, email="ada@example.com")


@pytest.fixture
def provider(organization: Organization) -> WorkspaceProvider:
    return make_provider(name="sydney", organizations=[organization])


@pytest.fixture
def create(owner: User, organization: Organization, provider: WorkspaceProvider) -> Callable[..., Environment]:
    def create(plan: Plan | None = None, **changes: Any) -> Environment:
        given = {"actor": Actor(user=owner), "owner": owner, "organization": organization, "provider": provider}
        return create_environment(**given | changes, plan=plan or make_plan())

    return create


def test_it_is_placed_and_its_build_is_asked_for(
    create: Callable[..., Environment], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        environment = create(make_plan(name="dev", cpu_cores=2, gpus=1))
    environment.refresh_from_db()
    assert (environment.status, environment.image, environment.tag) == ("creating", IMAGE, "latest")
    assert (environment.cpu_cores, environment.gpus) == (2, 1)
    operation = EnvironmentOperation.objects.get()
    assert (operation.kind, operation.state, operation.environment) == ("create", "queued", environment)
    assert operation.requested_by_name == "ada@example.com"
    assert len(callbacks) == 2  # the message to a worker, and the line of the audit log


def test_its_audit_row_says_what_was_asked_for(create: Callable[..., Environment]) -> None:
    create()
    event = AuditEvent.objects.get(action="environment.create")
    assert (event.outcome, event.actor_name) == ("requested", "ada@example.com")
    assert event.target_name == "ada@example.com/dev"
    assert event.after["provider"] == "sydney"
    assert event.after["cpu_cores"] == "1"


def cordon(provider: WorkspaceProvider) -> None:
    WorkspaceProvider.objects.update(cordoned_at=timezone.now(), cordon_reason="node upgrade")


FORBIDDEN: dict[str, Callable[[WorkspaceProvider], object]] = {
    "account": lambda provider: User.objects.filter(email="ada@example.com").update(is_active=False),
    "membership": lambda provider: Membership.objects.all().delete(),
    "allowlist": lambda provider: AllowlistEntry.objects.all().delete(),
    "closing": lambda provider: AllowlistEntry.objects.update(closing=True),
    "cordoned": cordon,
    "status": lambda provider: WorkspaceProvider.objects.update(status="pending", reason="not_deployed"),
    "deletion": lambda provider: make_operation(provider, kind="delete"),
    "quota": lambda provider: Organization.objects.update(quota_cpu_cores="0.5"),
}


@pytest.mark.parametrize("code", FORBIDDEN)
def test_a_rule_that_forbids_it_is_told_in_the_words_of_why_cant_i(
    code: str, create: Callable[..., Environment], owner: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    FORBIDDEN[code](provider)
    with pytest.raises(PlacementRefusedError) as refusal:
        create(actor=Actor())
    assert [rule.code for rule in refusal.value.rules] == [code]
    for row in (owner, organization, provider):
        row.refresh_from_db()
    assert refusal.value.rules == place(owner, organization, provider, make_plan().size()).refusals
    assert not Environment.objects.exists()
    assert not AuditEvent.objects.exists()


def test_all_rules_that_forbid_it_are_told_at_once(create: Callable[..., Environment]) -> None:
    cordon(WorkspaceProvider.objects.get())
    WorkspaceProvider.objects.update(status="error", reason="connection_refused")
    with pytest.raises(PlacementRefusedError) as refusal:
        create(make_plan(cpu_cores=5))
    assert [rule.code for rule in refusal.value.rules] == ["cordoned", "status", "quota"]


def test_the_quota_counts_what_is_off_and_what_is_elsewhere(
    create: Callable[..., Environment], owner: User, organization: Organization
) -> None:
    make_environment(owner=owner, organization=organization, cpu_cores=2, status="off")
    make_environment(organization=organization, cpu_cores=4)
    make_environment(owner=owner, cpu_cores=4)
    create(make_plan(name="fits", cpu_cores=2))
    with pytest.raises(PlacementRefusedError, match=r"0\.1 CPU cores of 0 left"):
        create(make_plan(name="more", cpu_cores=Decimal("0.1")))


def test_a_manager_creates_for_a_member_and_is_named(
    create: Callable[..., Environment], organization: Organization, owner: User
) -> None:
    manager = make_member(organization, OrganizationRole.MANAGER, email="grace@example.com")
    environment = create(actor=Actor(user=manager))
    assert environment.owner == owner
    assert outcomes("environment.create") == [("requested", "grace@example.com")]


def test_a_member_creates_for_nobody_else(create: Callable[..., Environment], organization: Organization) -> None:
    other = make_member(organization)
    with pytest.raises(PermissionDenied):
        create(actor=Actor(user=other))
    manager_elsewhere = make_member(make_organization(), OrganizationRole.MANAGER)
    with pytest.raises(PermissionDenied):
        create(actor=Actor(user=manager_elsewhere))
    assert not Environment.objects.exists()


def test_a_manager_creates_for_nobody_outside_the_organization(
    create: Callable[..., Environment], organization: Organization, site_admin: User
) -> None:
    """Also not for those who need no membership themselves: their name would be on what the manager runs."""
    manager = make_member(organization, OrganizationRole.MANAGER)
    with pytest.raises(PermissionDenied):
        create(actor=Actor(user=manager), owner=site_admin)
    assert not Environment.objects.exists()


def test_a_site_manager_needs_no_membership_but_others_do(
    create: Callable[..., Environment], site_manager: User
) -> None:
    assert create(actor=Actor(user=site_manager), owner=site_manager).owner == site_manager
    stranger = make_member(make_organization())
    with pytest.raises(PlacementRefusedError, match="is not a member of Data Science"):
        create(actor=Actor(user=site_manager), owner=stranger)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 26),
        ("name", "Dev"),
        ("name", "dev-"),
        ("name", "dev\n"),
        ("image", "codercom/base:1"),
        ("image", "codercom/UPPER"),
        ("tag", "-1"),
        ("cpu_cores", 0),
        ("memory_gb", 257),
        ("disk_gb", 0),
        ("disk_gb", 8193),
        ("gpus", 21),
    ],
)
def test_what_can_not_be_is_an_error_at_its_field(
    field: str, value: object, create: Callable[..., Environment]
) -> None:
    with pytest.raises(ValidationError) as error:
        create(make_plan(**{field: value}))
    assert set(error.value.error_dict) == {field}
    assert not Environment.objects.exists()


def test_a_name_is_unique_for_its_owner_only(create: Callable[..., Environment], organization: Organization) -> None:
    create()
    other = make_member(organization)
    create(actor=Actor(user=other), owner=other)
    with pytest.raises(ValidationError) as error:
        create()
    assert error.value.error_dict["__all__"][0].code == "name_taken"


def test_a_provider_that_was_deleted_meanwhile_is_said(
    create: Callable[..., Environment], provider: WorkspaceProvider
) -> None:
    WorkspaceProvider.objects.filter(pk=provider.pk).delete()
    with pytest.raises(RefusedError, match="sydney was deleted in the meantime"):
        create()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_that_are_too_much_together_one_is_placed(
    create: Callable[..., Environment], organization: Organization
) -> None:
    elsewhere = make_provider(organizations=[organization])
    refusals = at_once(
        lambda: create(make_plan(name="one", cpu_cores=3)),
        lambda: create(make_plan(name="two", cpu_cores=3), provider=elsewhere),
    )
    assert [type(refusal) for refusal in refusals] == [PlacementRefusedError]
    assert Environment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_with_one_name_one_is_placed(
    create: Callable[..., Environment], owner: User, organization: Organization
) -> None:
    other = make_organization()
    Membership.objects.create(user=owner, organization=other)
    elsewhere = make_provider(organizations=[other])
    taken = []

    def try_it(**changes: Any) -> None:
        try:
            create(**changes)
        except ValidationError as error:
            taken.append(error.error_dict["__all__"][0].code)

    at_once(try_it, lambda: try_it(organization=other, provider=elsewhere))
    assert taken == ["name_taken"]
    assert Environment.objects.count() == 1
