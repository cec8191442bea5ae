"""Which roles follow from the claims, and how they are given at each sign-in."""

import pytest

from audit.models import AuditEvent
from audit.services import Actor
from authentication.claims import Person, groups_of, merged
from authentication.configuration import ClaimRule, Configuration
from authentication.errors import NotWelcomeError
from authentication.services import admit, link, rehearse
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Organization, User
from tests.factories import make_environment
from tests.people import add_member, make_organization

ISSUER = "https://login.example.com"


@pytest.fixture
def configuration(db: None) -> Configuration:
    row = Configuration(issuer=ISSUER, openid_connect=True, creates_accounts=True, groups_claim="groups")
    row.save()
    return row


def person(user_or_email: User | str, *groups: str) -> Person:
    email = user_or_email if isinstance(user_or_email, str) else user_or_email.email
    return Person(subject=f"of {email}", email=email, is_verified=True, name="", groups=groups)


def sign_in(user: User, *groups: str) -> User:
    return admit(person=person(user, *groups), configuration=Configuration.load(), address="192.0.2.1")


def rule(value: str, role: SiteRole) -> None:
    ClaimRule.objects.create(value=value, site_role=role)


def membership_rule(value: str, organization: Organization, role: OrganizationRole) -> None:
    ClaimRule.objects.create(value=value, organization=organization, organization_role=role)


def test_the_highest_site_role_counts_and_goes_with_the_group(configuration: Configuration, member: User) -> None:
    rule("ops", SiteRole.MANAGER)
    rule("watchers", SiteRole.AUDITOR)
    assert sign_in(member, "watchers", "ops").site_role == SiteRole.MANAGER
    event = AuditEvent.objects.get(action="user.set_site_role")
    assert (event.actor_name, event.address) == ("OpenID Connect claim", "192.0.2.1")
    assert sign_in(member, "watchers").site_role == SiteRole.AUDITOR
    assert sign_in(member).site_role == SiteRole.MEMBER


def test_without_a_rule_for_site_roles_they_stay(configuration: Configuration, auditor: User) -> None:
    membership_rule("devs", make_organization(), OrganizationRole.MEMBER)
    assert sign_in(auditor, "devs").site_role == SiteRole.AUDITOR


def test_the_site_admin_stays_and_no_claim_makes_one(configuration: Configuration, site_admin: User) -> None:
    rule("watchers", SiteRole.AUDITOR)
    there = person(site_admin, "watchers")
    link(actor=Actor(user=site_admin), user=site_admin, person=there, issuer=ISSUER)
    assert admit(person=there, configuration=configuration, address=None).site_role == SiteRole.ADMIN
    with pytest.raises(Exception, match="claim_rule_gives_one_role"):
        rule("root", SiteRole.ADMIN)


def test_memberships_follow_the_groups_of_the_organizations_that_rules_name(
    configuration: Configuration, member: User
) -> None:
    named, left, untouched = (make_organization() for _ in range(3))
    membership_rule("devs", named, OrganizationRole.MEMBER)
    membership_rule("leads", named, OrganizationRole.MANAGER)
    membership_rule("others", left, OrganizationRole.MEMBER)
    add_member(left, member)
    add_member(untouched, member)
    sign_in(member, "devs", "leads")
    assert dict(member.memberships.values_list("organization", "role")) == {
        named.pk: OrganizationRole.MANAGER,
        untouched.pk: OrganizationRole.MEMBER,
    }
    sign_in(member, "devs")
    assert member.memberships.get(organization=named).role == OrganizationRole.MEMBER
    before = AuditEvent.objects.count()
    sign_in(member, "devs")
    assert AuditEvent.objects.count() == before


def test_a_membership_that_holds_environments_stays_and_the_log_says_so(
    configuration: Configuration, member: User
) -> None:
    environment = make_environment(owner=member)
    add_member(environment.organization, member)
    membership_rule("devs", environment.organization, OrganizationRole.MEMBER)
    sign_in(member)
    assert member.memberships.filter(organization=environment.organization).exists()
    event = AuditEvent.objects.get(action="organization.remove_member")
    assert (event.outcome, environment.name in event.after["refused"]) == ("failed", True)


def test_a_rehearsal_changes_nothing(configuration: Configuration, member: User) -> None:
    rule("ops", SiteRole.MANAGER)
    events = AuditEvent.objects.count()
    assert "Site role: Site manager." in rehearse(person=person(member, "ops"), configuration=configuration)
    assert rehearse(person=person("new@example.com"), configuration=configuration)[0].startswith("An account for new@")
    member.refresh_from_db()
    assert member.site_role == SiteRole.MEMBER
    assert (User.objects.count(), AuditEvent.objects.count()) == (1, events)


def test_an_account_of_another_issuer_with_the_same_subject_is_another_one(
    configuration: Configuration, member: User
) -> None:
    sign_in(member)
    Configuration.objects.update(issuer="https://other.example.com", creates_accounts=False)
    stranger = Person(subject=person(member).subject, email="x@example.com", is_verified=True, name="", groups=())
    with pytest.raises(NotWelcomeError):
        admit(person=stranger, configuration=Configuration.load(), address=None)


@pytest.mark.parametrize(
    ("claims", "path", "groups"),
    [
        ({"groups": ["a", "b", "a", 7, "", None]}, "groups", ("a", "b")),
        ({"role": "a"}, "role", ("a",)),
        ({"realm_access": {"roles": ["x"]}}, "realm_access.roles", ("x",)),
        ({"https://example.com/groups": ["y"]}, "https://example.com/groups", ("y",)),
        ({"realm_access": "roles"}, "realm_access.roles", ()),
        ({"groups": {"a": 1}}, "groups", ()),
        ({}, "groups", ()),
        ({"": ["a"]}, "", ()),
    ],
)
def test_groups_are_read_from_wherever_the_claim_is(
    claims: dict[str, object], path: str, groups: tuple[str, ...]
) -> None:
    assert groups_of(claims, path) == groups


def test_userinfo_verifies_no_other_email_than_its_own() -> None:
    signed = {"sub": "1", "email": "admin@example.com"}
    assert "email_verified" not in merged(signed, {"email": "mine@example.com", "email_verified": True})
    assert merged(signed, {"email": "admin@example.com", "email_verified": True})["email_verified"] is True


@pytest.mark.parametrize("subject", [None, "", 7, "x" * 192, "a\0b"])
def test_a_subject_must_be_usable(subject: object) -> None:
    with pytest.raises(ValueError, match="sub"):
        Person.of({"sub": subject}, groups_claim="")
