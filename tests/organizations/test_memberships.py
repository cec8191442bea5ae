"""The verbs on memberships: rules, audit rows, repetition, two people at once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor
from organizations import services
from organizations.choices import OrganizationRole, SiteRole
from organizations.errors import RefusedError
from organizations.models import Membership, Organization, User
from tests.factories import make_environment
from tests.organizations.threads import at_once
from tests.people import add_member, make_organization, make_user

pytestmark = pytest.mark.django_db
MANAGER, MEMBER = OrganizationRole.MANAGER, OrganizationRole.MEMBER


def add(**who: Any) -> object:
    return services.add_member(**who, role=MEMBER)


def promote(**who: Any) -> object:
    return services.set_member_role(**who, role=MANAGER)


VERBS = [add, promote, services.remove_member]


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Platform")


@pytest.fixture
def its_manager(organization: Organization) -> Actor:
    return Actor(user=add_member(organization, make_user(), MANAGER).user)


def test_the_manager_of_an_organization_adds_promotes_and_removes(
    organization: Organization, its_manager: Actor, member: User
) -> None:
    who = {"actor": its_manager, "organization": organization, "user": member}
    for verb in (add, add, promote, promote, services.remove_member, services.remove_member):
        verb(**who)
    assert not Membership.objects.filter(user=member).exists()
    events = AuditEvent.objects.order_by("id")
    assert [(event.action, event.before, event.after) for event in events] == [
        ("organization.add_member", {}, {"member": member.email, "role": MEMBER}),
        (
            "organization.set_member_role",
            {"member": member.email, "role": MEMBER},
            {"member": member.email, "role": MANAGER},
        ),
        ("organization.remove_member", {"member": member.email, "role": MANAGER}, {}),
    ]
    assert {event.target_id for event in events} == {str(organization.pk)}


@pytest.mark.parametrize("verb", VERBS)
def test_others_may_not_whatever_they_are_elsewhere(
    organization: Organization, auditor: User, verb: Callable[..., Any]
) -> None:
    stranger = add_member(make_organization(), make_user(), MANAGER).user
    plain = add_member(organization, make_user(), MEMBER).user
    for person in (stranger, plain, auditor):
        with pytest.raises(PermissionDenied):
            verb(actor=Actor(user=person), organization=organization, user=make_user())
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("verb", VERBS)
def test_an_organization_that_is_gone_is_a_refusal(member: User, verb: Callable[..., Any]) -> None:
    gone = make_organization()
    Organization.objects.all().delete()
    with pytest.raises(RefusedError, match="was deleted in the meantime"):
        verb(actor=SYSTEM, organization=gone, user=member)


def test_a_member_with_another_role_is_not_added_once_more(organization: Organization, member: User) -> None:
    add_member(organization, member, MANAGER)
    with pytest.raises(RefusedError, match="already, as organization manager"):
        add(actor=SYSTEM, organization=organization, user=member)


def test_a_deactivated_person_is_not_added(organization: Organization) -> None:
    with pytest.raises(RefusedError, match="is deactivated"):
        add(actor=SYSTEM, organization=organization, user=make_user(is_active=False))


def test_only_a_member_gets_a_role(organization: Organization, member: User) -> None:
    with pytest.raises(RefusedError, match="is not in Platform"):
        promote(actor=SYSTEM, organization=organization, user=member)


def test_a_member_with_environments_stays_and_the_refusal_names_them(organization: Organization, member: User) -> None:
    add_member(organization, member)
    make_environment(owner=member, name="elsewhere")
    for number in range(12):
        make_environment(owner=member, organization=organization, name=f"engine-{number:02}")
    with pytest.raises(RefusedError) as refusal:
        services.remove_member(actor=SYSTEM, organization=organization, user=member)
    assert "engine-00 in Platform" in str(refusal.value)
    assert "engine-09 in Platform and more." in str(refusal.value)
    assert "elsewhere" not in str(refusal.value)
    assert Membership.objects.filter(user=member, organization=organization).exists()
    assert not AuditEvent.objects.exists()


def test_the_organizations_of_a_person_are_set_at_once(site_manager: User, member: User) -> None:
    kept, left, joined = (make_organization(name=name) for name in ("Kept", "Left", "Joined"))
    add_member(kept, member, MANAGER)
    add_member(left, member)
    for _ in range(2):
        services.set_organizations(actor=Actor(user=site_manager), user=member, organizations=[kept, joined])
    assert dict(member.memberships.values_list("organization__name", "role")) == {"Kept": MANAGER, "Joined": MEMBER}
    event = AuditEvent.objects.get()
    assert (event.action, event.target_id) == ("user.set_organizations", str(member.pk))
    assert event.before == {"organizations": ["Kept", "Left"]}
    assert event.after == {"organizations": ["Joined", "Kept"]}


def test_an_organization_in_which_the_person_has_environments_is_not_left(member: User) -> None:
    left, joined = make_organization(name="Left"), make_organization()
    add_member(left, member)
    make_environment(owner=member, organization=left, name="engine")
    with pytest.raises(RefusedError, match="engine in Left"):
        services.set_organizations(actor=SYSTEM, user=member, organizations=[joined])
    assert [membership.organization for membership in member.memberships.all()] == [left]


def test_an_organization_that_is_gone_is_not_joined(member: User) -> None:
    gone = make_organization()
    Organization.objects.all().delete()
    with pytest.raises(RefusedError, match="was deleted in the meantime"):
        services.set_organizations(actor=SYSTEM, user=member, organizations=[gone])


@pytest.mark.parametrize("role", [SiteRole.AUDITOR, SiteRole.MEMBER])
def test_only_site_managers_set_all_organizations_of_a_person(role: SiteRole, organization: Organization) -> None:
    person = make_user(role)
    add_member(organization, person, MANAGER)
    with pytest.raises(PermissionDenied):
        services.set_organizations(actor=Actor(user=person), user=make_user(), organizations=[organization])


@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_same_person_make_one_membership() -> None:
    organization, user = make_organization(), make_user()
    verb = lambda: add(actor=SYSTEM, organization=organization, user=user)  # noqa: E731
    assert not at_once(verb, verb, verb)
    assert Membership.objects.count() == AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_remove_the_same_person_write_one_audit_row() -> None:
    organization, user = make_organization(), make_user()
    add_member(organization, user)
    verb = lambda: services.remove_member(actor=SYSTEM, organization=organization, user=user)  # noqa: E731
    assert not at_once(verb, verb, verb)
    assert (Membership.objects.count(), AuditEvent.objects.count()) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_an_organization_page_and_a_user_page_at_once_do_not_stop_each_other() -> None:
    organizations = [make_organization() for _ in range(3)]
    user = make_user()
    for _ in range(5):
        assert not at_once(
            *[lambda o=o: add(actor=SYSTEM, organization=o, user=user) for o in reversed(organizations)],
            lambda: services.set_organizations(actor=SYSTEM, user=user, organizations=organizations),
        )
        assert Membership.objects.count() == 3
        services.set_organizations(actor=SYSTEM, user=user, organizations=[])
