"""The verbs on accounts: who may do what to whom, what is written, what ends."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor
from organizations import services
from organizations.choices import OrganizationRole, SiteRole
from organizations.errors import RefusedError
from organizations.models import Organization, User
from tests.factories import make_environment
from tests.organizations.threads import at_once
from tests.people import PASSWORD, add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
VERBS = [
    services.deactivate_user,
    services.activate_user,
    services.reset_password,
    lambda **who: services.set_site_role(site_role=SiteRole.AUDITOR, **who),
]


@pytest.fixture
def manager(site_manager: User) -> Actor:
    return Actor(user=site_manager, address="192.0.2.7")


@pytest.fixture
def admin(site_admin: User) -> Actor:
    return Actor(user=site_admin)


def create(actor: Actor = SYSTEM, **fields: Any) -> tuple[User, str]:
    return services.create_user(actor=actor, **{"email": "new@example.com"} | fields)


def test_a_new_person_gets_a_temporary_password_and_what_was_chosen(manager: Actor) -> None:
    platform = make_organization(name="Platform")
    user, password = create(manager, email=" New@Example.com", name=" New  One ", organizations=[platform])
    user.refresh_from_db()
    assert (user.email, user.name, user.username, user.must_change_password) == (
        "new@example.com", "New One", "new", True,
    )  # fmt: skip
    assert user.check_password(password)
    assert user.memberships.get().role == OrganizationRole.MEMBER
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id, event.address) == ("user.create", manager.user.pk, "192.0.2.7")
    assert event.after == {
        "email": "new@example.com", "site_role": "site-member", "is_staff": False, "organizations": ["Platform"],
    }  # fmt: skip


def test_temporary_passwords_differ_and_can_be_read_out() -> None:
    passwords = {create(email=f"new{number}@example.com")[1] for number in range(3)}
    assert len(passwords) == 3
    assert all(re.fullmatch(r"([a-zA-Z2-9]{5}-){3}[a-zA-Z2-9]{5}", password) for password in passwords)


@pytest.mark.parametrize("email", ["member@example.com", "MEMBER@example.com", "", "nobody", "a@b\0.example.com"])
def test_an_email_that_is_taken_or_none_is_an_error_at_its_field(member: User, email: str) -> None:
    with pytest.raises(ValidationError) as error:
        create(email=email)
    assert error.value.message_dict.keys() == {"email"}
    assert len(error.value.messages) == 1
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_create_the_same_person_one_reads_why_not() -> None:
    errors: list[ValidationError] = []

    def make() -> None:
        try:
            create()
        except ValidationError as error:
            errors.append(error)

    at_once(make, make, make)
    assert User.objects.count() == AuditEvent.objects.count() == 1
    assert [error.messages for error in errors] == [["Another account has this e-mail."]] * 2


def test_an_organization_that_is_gone_is_refused_and_nobody_is_made() -> None:
    gone = make_organization()
    Organization.objects.all().delete()
    with pytest.raises(RefusedError, match="was deleted in the meantime"):
        create(organizations=[gone])
    assert not User.objects.exists()


@pytest.mark.parametrize("role", SiteRole)
def test_who_may_make_whom(manager: Actor, admin: Actor, role: SiteRole) -> None:
    for actor in (manager, admin):
        if role == SiteRole.ADMIN:
            with pytest.raises(RefusedError, match="exactly one site admin"):
                create(actor, site_role=role)
        elif role == SiteRole.MANAGER and actor == manager:
            with pytest.raises(PermissionDenied, match="Only the site admin"):
                create(actor, site_role=role)
        else:
            email = f"{role.value}-by-{actor.user.site_role}@example.com"
            assert create(actor, email=email, site_role=role)[0].site_role == role


@pytest.mark.parametrize(
    ("old", "new", "by_manager"),
    [
        (SiteRole.MEMBER, SiteRole.AUDITOR, True),
        (SiteRole.AUDITOR, SiteRole.MEMBER, True),
        (SiteRole.MEMBER, SiteRole.MANAGER, False),
        (SiteRole.MANAGER, SiteRole.MEMBER, False),
        (SiteRole.MANAGER, SiteRole.AUDITOR, False),
    ],
)
def test_only_the_site_admin_makes_and_unmakes_site_managers(
    manager: Actor, admin: Actor, old: SiteRole, new: SiteRole, by_manager: bool
) -> None:
    user = make_user(old)
    if not by_manager:
        with pytest.raises(PermissionDenied, match="Only the site admin"):
            services.set_site_role(actor=manager, user=user, site_role=new)
        assert not AuditEvent.objects.exists()
    actor = manager if by_manager else admin
    assert services.set_site_role(actor=actor, user=user, site_role=new).site_role == new
    event = AuditEvent.objects.get()
    assert (event.action, event.before, event.after) == ("user.set_site_role", {"site_role": old}, {"site_role": new})


def test_a_site_manager_who_was_deactivated_is_still_out_of_reach_of_the_others(manager: Actor) -> None:
    with pytest.raises(PermissionDenied):
        services.activate_user(actor=manager, user=make_user(SiteRole.MANAGER, is_active=False))


@pytest.mark.parametrize("role", [SiteRole.MEMBER, SiteRole.MANAGER, SiteRole.AUDITOR])
def test_nobody_changes_the_role_of_the_site_admin_or_makes_a_second_one(
    manager: Actor, admin: Actor, role: SiteRole
) -> None:
    for actor in (manager, admin, SYSTEM):
        with pytest.raises(RefusedError, match="exactly one site admin"):
            services.set_site_role(actor=actor, user=admin.user, site_role=role)
        with pytest.raises(RefusedError, match="exactly one site admin"):
            services.set_site_role(actor=actor, user=make_user(role), site_role=SiteRole.ADMIN)


@pytest.mark.parametrize("verb", VERBS)
def test_a_site_manager_touches_no_other_site_manager_and_not_the_site_admin(
    manager: Actor, site_admin: User, verb: Callable[..., Any]
) -> None:
    for user in (make_user(SiteRole.MANAGER), site_admin):
        password = user.password
        with pytest.raises((PermissionDenied, RefusedError)):
            verb(actor=manager, user=user)
        user.refresh_from_db()
        assert (user.password, user.is_active, user.site_role != SiteRole.AUDITOR) == (password, True, True)
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", [SiteRole.AUDITOR, SiteRole.MEMBER])
def test_auditors_members_and_organization_managers_may_do_none_of_it(role: SiteRole, verb: Callable[..., Any]) -> None:
    person, user = make_user(role), make_user()
    organization = make_organization()
    add_member(organization, person, OrganizationRole.MANAGER)
    add_member(organization, user)
    with pytest.raises(PermissionDenied):
        verb(actor=Actor(user=person), user=user)
    with pytest.raises(PermissionDenied):
        create(Actor(user=person))
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("verb", VERBS)
def test_an_account_that_is_gone_is_a_refusal(manager: Actor, verb: Callable[..., Any]) -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).delete()
    with pytest.raises(RefusedError, match="was deleted in the meantime"):
        verb(actor=manager, user=user)


def test_nobody_deactivates_themself_or_resets_the_own_password(manager: Actor, admin: Actor) -> None:
    for actor in (manager, admin):
        with pytest.raises(RefusedError, match="can't deactivate yourself"):
            services.deactivate_user(actor=actor, user=actor.user)
        with pytest.raises(RefusedError, match="your own password"):
            services.reset_password(actor=actor, user=actor.user)


def test_a_deactivated_person_is_out_for_good_and_keeps_environments(manager: Actor, member: User) -> None:
    environment = make_environment(owner=member)
    client = signed_in(member)
    services.deactivate_user(actor=manager, user=member)
    services.deactivate_user(actor=manager, user=member)
    assert client.get("/account/").status_code == 302
    environment.refresh_from_db()
    assert environment.owner == member
    services.activate_user(actor=manager, user=member)
    services.activate_user(actor=manager, user=member)
    assert client.get("/account/").status_code == 302, "a session from before must not live again"
    member.refresh_from_db()
    assert signed_in(member).get("/account/").status_code == 200
    actions = AuditEvent.objects.filter(action__in=["user.deactivate", "user.activate"]).order_by("id")
    assert [event.action for event in actions] == ["user.deactivate", "user.activate"]


def test_a_reset_password_is_temporary_ends_sessions_and_is_written_nowhere(manager: Actor, member: User) -> None:
    client = signed_in(member)
    password = services.reset_password(actor=manager, user=member)
    member.refresh_from_db()
    assert member.check_password(password)
    assert not member.check_password(PASSWORD)
    assert member.must_change_password
    assert client.get("/account/").status_code == 302
    event = AuditEvent.objects.get(action="user.reset_password")
    assert event.after == {"password": "******"}


def test_the_site_admin_resets_the_password_of_a_site_manager(admin: Actor, site_manager: User) -> None:
    password = services.reset_password(actor=admin, user=site_manager)
    site_manager.refresh_from_db()
    assert site_manager.check_password(password)


@pytest.mark.parametrize("name", ["two\nlines", "nul\0", "turned \u202e round"])
def test_a_name_is_one_line_that_can_be_seen(name: str) -> None:
    with pytest.raises(ValidationError) as error:
        create(name=name)
    assert error.value.message_dict.keys() == {"name"}
