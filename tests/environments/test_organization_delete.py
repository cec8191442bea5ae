"""Deleting an organization: everybody and everything moves to the default one."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor
from authentication.configuration import ClaimRule
from environments.models import Environment
from environments.services.organizations import delete_organization, organization_impact
from organizations import services
from organizations.choices import OrganizationRole
from organizations.errors import RefusedError
from organizations.models import Membership, Organization, User
from providers.models import AllowlistEntry
from tests.factories import make_environment, make_provider
from tests.organizations.threads import at_once
from tests.people import add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
MANAGER, MEMBER = OrganizationRole.MANAGER, OrganizationRole.MEMBER


@pytest.fixture
def default() -> Organization:
    return make_organization(name="Coder", is_default=True)


@pytest.fixture
def doomed(default: Organization) -> Organization:
    return make_organization(name="Platform")


def url(organization: Organization) -> str:
    return reverse("organizations:organization_delete", args=[organization.pk])


def delete(organization: Organization) -> Any:
    return delete_organization(actor=SYSTEM, organization=organization)


def test_people_move_as_plain_members_and_those_who_are_there_keep_their_role(
    default: Organization, doomed: Organization
) -> None:
    joining, there = make_user(), make_user()
    add_member(doomed, joining, MANAGER)
    add_member(doomed, there)
    add_member(default, there, MANAGER)
    impact = delete(doomed)
    assert (impact.people, impact.joining) == (2, 1)
    assert dict(Membership.objects.values_list("user", "role")) == {joining.pk: MEMBER, there.pk: MANAGER}
    assert not Organization.objects.filter(pk=doomed.pk).exists()


def test_environments_move_to_where_they_are_and_no_new_ones_can_follow(
    default: Organization, doomed: Organization
) -> None:
    shared = make_provider(name="shared", organizations=[default, doomed])
    alone = make_provider(name="alone", organizations=[doomed])
    unused = make_provider(name="unused", organizations=[doomed])
    environments = [make_environment(place, organization=doomed) for place in (shared, alone, alone)]
    impact = delete(doomed)
    assert impact.closing == ["alone"]
    assert set(Environment.objects.filter(organization=default)) == set(environments)
    entries = AllowlistEntry.objects.values_list("provider__name", "organization__name", "closing")
    assert set(entries) == {("shared", "Coder", False), ("alone", "Coder", True)}
    assert not unused.allowlist.exists()


def test_rules_of_the_sign_in_service_end_and_are_named(default: Organization, doomed: Organization) -> None:
    ClaimRule.objects.create(value="platform", organization=doomed, organization_role=MEMBER)
    ended = [f"platform: Member of {doomed.name}"]
    assert delete(doomed).rules == ended
    assert AuditEvent.objects.get(action="organization.delete").after["rules_ended"] == ended
    assert not ClaimRule.objects.exists()


def test_an_entry_of_the_default_that_is_closing_stays_so(default: Organization, doomed: Organization) -> None:
    provider = make_provider(organizations=[default, doomed])
    provider.allowlist.filter(organization=default).update(closing=True)
    make_environment(provider, organization=doomed)
    assert delete(doomed).closing == []
    assert provider.allowlist.get().closing


def test_the_audit_row_has_the_counts(site_manager: User, default: Organization, doomed: Organization) -> None:
    add_member(doomed, make_user())
    make_environment(organization=doomed)
    pk = doomed.pk
    delete_organization(actor=Actor(user=site_manager), organization=doomed)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.target_id) == ("organization.delete", site_manager, str(pk))
    assert event.before == {"name": "Platform"}
    assert (event.after["moved_to"], event.after["people_moved"], event.after["environments_moved"]) == ("Coder", 1, 1)


def test_the_default_organization_stays(site_manager: User, default: Organization) -> None:
    client = signed_in(site_manager)
    for response in (client.get(url(default), follow=True), client.post(url(default), follow=True)):
        assert "Coder is the default organization and can&#x27;t be deleted." in response.text
    assert Organization.objects.filter(pk=default.pk).exists()


def test_one_that_is_gone_already_is_a_refusal(doomed: Organization) -> None:
    delete(Organization.objects.get(pk=doomed.pk))
    with pytest.raises(RefusedError, match="Platform was deleted in the meantime"):
        delete(doomed)
    assert AuditEvent.objects.count() == 1


def test_its_own_manager_and_an_auditor_may_not(doomed: Organization, member: User, auditor: User) -> None:
    add_member(doomed, member, MANAGER)
    for person in (member, auditor):
        with pytest.raises(PermissionDenied):
            delete_organization(actor=Actor(user=person), organization=doomed)


def test_the_page_names_how_many_move_where_and_a_look_changes_nothing(
    site_manager: User, default: Organization, doomed: Organization
) -> None:
    there = make_user()
    add_member(doomed, make_user())
    add_member(doomed, there)
    add_member(default, there)
    provider = make_provider(name="sydney")
    make_environment(provider, organization=doomed, status="on")
    make_environment(provider, organization=doomed, status="off")
    client: Client = signed_in(site_manager)
    page = client.get(url(doomed)).text
    assert "2 people and 2 environments move to Coder. One person of them is there already." in page
    assert "2 (1 running, 1 stopped)" in page
    assert "Coder may go on with them on sydney" in page
    assert Organization.objects.filter(pk=doomed.pk).exists()
    page = client.post(url(doomed), follow=True).text
    assert "Platform is deleted. 2 people and 2 environments moved to Coder." in page


def test_many_environments_are_moved_by_as_many_queries_as_few(
    doomed: Organization, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    def fill(organization: Organization, count: int) -> None:
        for _ in range(count):
            make_environment(organization=organization, owner=add_member(organization, make_user()).user)

    other = make_organization()
    fill(doomed, 2)
    fill(other, 9)
    with django_assert_max_num_queries(45) as few:
        delete(doomed)
    with django_assert_num_queries(len(few)):
        delete(other)


@pytest.mark.django_db(transaction=True)
def test_two_who_delete_the_same_one_move_everything_once() -> None:
    make_organization(is_default=True)
    doomed = make_organization()
    for _ in range(3):
        make_environment(organization=doomed, owner=add_member(doomed, make_user()).user)
    refusals = at_once(lambda: delete(doomed), lambda: delete(Organization(pk=doomed.pk, name="Platform")))
    assert [str(refusal) for refusal in refusals] in (
        ["Platform was deleted in the meantime."],
        [f"{doomed.name} was deleted in the meantime."],
    )
    assert AuditEvent.objects.count() == 1
    assert (Membership.objects.count(), Environment.objects.count()) == (3, 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_", range(3))
def test_the_new_default_is_not_deleted_by_somebody_who_saw_another_one(_: int) -> None:
    make_organization(is_default=True)
    target = make_organization(name="Platform")
    refusals = at_once(
        lambda: delete(target), lambda: services.set_default_organization(actor=SYSTEM, organization=target)
    )
    assert len(refusals) == 1
    assert Organization.objects.filter(is_default=True).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_", range(3))
def test_somebody_who_is_added_meanwhile_moves_too_or_reads_why_not(_: int) -> None:
    default, target, user = make_organization(is_default=True), make_organization(), make_user()
    refusals = at_once(
        lambda: delete(target), lambda: services.add_member(actor=SYSTEM, organization=target, user=user)
    )
    members = Membership.objects.filter(organization=default, user=user).count()
    assert (len(refusals), members) in ((0, 1), (1, 0))


def test_an_impact_needs_a_default_to_move_to() -> None:
    with pytest.raises(RefusedError, match="no default organization"):
        organization_impact(make_organization())
