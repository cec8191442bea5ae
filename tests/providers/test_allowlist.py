"""Changing allowlists: the rules, and that a refusal changes nothing."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor
from organizations.models import Organization, User
from providers.choices import Access
from providers.errors import AllowlistRefusedError, RefusedError
from providers.models import AllowlistEntry, Operation, WorkspaceProvider
from providers.rules import access_of
from providers.services import change_allowlist, preview_allowlist
from providers.services.allowlist import drop_if_empty
from tests.factories import make_environment, make_operation, make_organization, make_provider

pytestmark = pytest.mark.django_db


def access(provider: WorkspaceProvider, organization: Organization) -> Access:
    return access_of(AllowlistEntry.objects.filter(provider=provider, organization=organization).first())


def wish(provider: WorkspaceProvider, organization: Organization, new: Access) -> dict:
    return {(provider.pk, organization.pk): new}


@pytest.fixture
def platform() -> Organization:
    """With a provider of its own, so that others may be taken from it."""
    organization = make_organization(name="Platform")
    make_provider(name="home", organizations=[organization])
    return organization


@pytest.fixture
def sydney(platform: Organization) -> WorkspaceProvider:
    return make_provider(name="sydney", organizations=[platform])


def test_it_lets_an_organization_in_and_takes_it_out_again(sydney: WorkspaceProvider, platform: Organization) -> None:
    change_allowlist(actor=SYSTEM, wishes=wish(sydney, platform, Access.NONE))
    assert access(sydney, platform) == Access.NONE
    change_allowlist(actor=SYSTEM, wishes=wish(sydney, platform, Access.OPEN))
    assert access(sydney, platform) == Access.OPEN


def test_it_needs_no_cluster(platform: Organization) -> None:
    down = make_provider(status="error", reason="unreachable", message="No answer.", credential=False)
    for new in (Access.OPEN, Access.NONE):
        change_allowlist(actor=SYSTEM, wishes=wish(down, platform, new))
        assert access(down, platform) == new


def test_each_change_is_in_the_audit_of_its_provider_and_organization(
    sydney: WorkspaceProvider, platform: Organization, site_manager: User
) -> None:
    other = make_organization(name="Other")
    change_allowlist(
        actor=Actor(user=site_manager),
        wishes=wish(sydney, platform, Access.NONE) | wish(sydney, other, Access.OPEN),
    )
    events = AuditEvent.objects.filter(action="allowlist.change", target_id=str(sydney.pk))
    assert {event.organization_id: (event.before, event.after) for event in events} == {
        str(platform.pk): ({"Platform": "open"}, {"Platform": "none"}),
        str(other.pk): ({"Other": "none"}, {"Other": "open"}),
    }


def test_what_is_true_already_changes_and_writes_nothing(sydney: WorkspaceProvider, platform: Organization) -> None:
    assert change_allowlist(actor=SYSTEM, wishes=wish(sydney, platform, Access.OPEN)) == []
    assert not AuditEvent.objects.filter(action="allowlist.change").exists()


def test_the_last_provider_of_an_organization_stays(platform: Organization) -> None:
    home = WorkspaceProvider.objects.get(name="home")
    with pytest.raises(AllowlistRefusedError) as caught:
        change_allowlist(actor=SYSTEM, wishes=wish(home, platform, Access.NONE))
    assert [(each.code, each.organization) for each in caught.value.refusals] == [("last_provider", platform)]
    assert "Platform would be left without a provider." in str(caught.value.message)
    assert access(home, platform) == Access.OPEN


def test_a_closing_entry_does_not_count_as_a_provider(sydney: WorkspaceProvider, platform: Organization) -> None:
    make_environment(sydney, organization=platform)
    home = WorkspaceProvider.objects.get(name="home")
    change_allowlist(actor=SYSTEM, wishes=wish(sydney, platform, Access.CLOSING))
    with pytest.raises(AllowlistRefusedError):
        change_allowlist(actor=SYSTEM, wishes=wish(home, platform, Access.NONE))


def test_a_provider_that_is_being_deleted_does_not_count_either(
    sydney: WorkspaceProvider, platform: Organization
) -> None:
    operation = make_operation(WorkspaceProvider.objects.get(name="home"), kind="delete", state="running")
    leave = wish(sydney, platform, Access.NONE)
    with pytest.raises(AllowlistRefusedError):
        change_allowlist(actor=SYSTEM, wishes=leave)
    Operation.objects.filter(pk=operation.pk).update(state="failed")
    change_allowlist(actor=SYSTEM, wishes=leave)
    assert access(sydney, platform) == Access.NONE


def test_one_provider_may_be_exchanged_for_another_at_once(platform: Organization) -> None:
    home, tokyo = WorkspaceProvider.objects.get(name="home"), make_provider(name="tokyo")
    change_allowlist(actor=SYSTEM, wishes=wish(home, platform, Access.NONE) | wish(tokyo, platform, Access.OPEN))
    assert (access(home, platform), access(tokyo, platform)) == (Access.NONE, Access.OPEN)


def test_an_organization_with_environments_can_not_be_taken_out(
    sydney: WorkspaceProvider, platform: Organization
) -> None:
    make_environment(sydney, organization=platform)
    with pytest.raises(AllowlistRefusedError) as caught:
        change_allowlist(actor=SYSTEM, wishes=wish(sydney, platform, Access.NONE))
    assert [each.code for each in caught.value.refusals] == ["environments_exist"]
    assert caught.value.refusals[0].message == "Platform still has one environment on sydney."
    assert access(sydney, platform) == Access.OPEN


def test_of_several_wishes_all_are_done_or_none(sydney: WorkspaceProvider, platform: Organization) -> None:
    make_environment(sydney, organization=platform)
    fine, tokyo = make_organization(), make_provider()
    with pytest.raises(AllowlistRefusedError):
        change_allowlist(actor=SYSTEM, wishes=wish(tokyo, fine, Access.OPEN) | wish(sydney, platform, Access.NONE))
    assert access(tokyo, fine) == Access.NONE
    assert not AuditEvent.objects.filter(action="allowlist.change").exists()


def test_every_refused_pair_is_named(sydney: WorkspaceProvider, platform: Organization) -> None:
    other = make_organization(name="Other")
    make_environment(sydney, organization=platform)
    make_environment(sydney, organization=other)
    with pytest.raises(AllowlistRefusedError) as caught:
        change_allowlist(actor=SYSTEM, wishes=wish(sydney, platform, Access.NONE) | wish(sydney, other, Access.NONE))
    found = {(each.organization.name, each.code) for each in caught.value.refusals}
    assert found == {
        ("Platform", "environments_exist"), ("Other", "environments_exist"), ("Other", "last_provider")
    }  # fmt: skip


def test_closing_keeps_what_is_there_until_the_last_is_gone(sydney: WorkspaceProvider, platform: Organization) -> None:
    environment = make_environment(sydney, organization=platform)
    change_allowlist(actor=SYSTEM, wishes=wish(sydney, platform, Access.CLOSING))
    assert access(sydney, platform) == Access.CLOSING
    assert drop_if_empty(sydney.pk, platform.pk) is False
    environment.delete()
    assert drop_if_empty(sydney.pk, platform.pk) is True
    assert access(sydney, platform) == Access.NONE
    assert AuditEvent.objects.get(action="allowlist.closed").before == {"Platform": "closing"}


def test_closing_where_nothing_is_ends_at_once(sydney: WorkspaceProvider, platform: Organization) -> None:
    changes = change_allowlist(actor=SYSTEM, wishes=wish(sydney, platform, Access.CLOSING))
    assert [change.new for change in changes] == [Access.NONE]
    assert access(sydney, platform) == Access.NONE


def test_an_open_entry_does_not_end_by_itself(sydney: WorkspaceProvider, platform: Organization) -> None:
    assert drop_if_empty(sydney.pk, platform.pk) is False
    assert access(sydney, platform) == Access.OPEN


@pytest.mark.parametrize("role", ["member", "auditor"])
def test_only_managers_may(
    role: str, request: pytest.FixtureRequest, sydney: WorkspaceProvider, platform: Organization
) -> None:
    actor = Actor(user=request.getfixturevalue(role))
    for verb in (change_allowlist, preview_allowlist):
        with pytest.raises(PermissionDenied):
            verb(actor=actor, wishes=wish(sydney, platform, Access.NONE))
    assert access(sydney, platform) == Access.OPEN


def test_a_preview_says_the_same_and_writes_nothing(sydney: WorkspaceProvider, platform: Organization) -> None:
    wishes = wish(sydney, platform, Access.NONE)
    assert [(each.old, each.new) for each in preview_allowlist(actor=SYSTEM, wishes=wishes)] == [("open", "none")]
    assert access(sydney, platform) == Access.OPEN
    make_environment(sydney, organization=platform)
    with pytest.raises(AllowlistRefusedError):
        preview_allowlist(actor=SYSTEM, wishes=wishes)


@pytest.mark.parametrize("gone", ["provider", "organization"])
def test_what_was_deleted_meanwhile_is_said(sydney: WorkspaceProvider, platform: Organization, gone: str) -> None:
    unknown = make_organization()
    wishes = wish(sydney, unknown, Access.OPEN)
    (sydney if gone == "provider" else unknown).delete()
    with pytest.raises(RefusedError, match="deleted in the meantime"):
        change_allowlist(actor=SYSTEM, wishes=wishes)


@pytest.mark.parametrize("pairs", [1, 12])
def test_it_asks_the_same_number_of_queries_for_many(
    pairs: int, sydney: WorkspaceProvider, django_assert_num_queries: object
) -> None:
    organizations = [make_organization() for _ in range(pairs)]
    wishes = {(sydney.pk, organization.pk): Access.OPEN for organization in organizations}
    with django_assert_num_queries(9):  # type: ignore[operator]
        change_allowlist(actor=SYSTEM, wishes=wishes)


def test_the_database_itself_keeps_an_entry_that_environments_need(
    sydney: WorkspaceProvider, platform: Organization
) -> None:
    make_environment(sydney, organization=platform)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM providers_allowlistentry WHERE provider_id = %s AND organization_id = %s",
            [sydney.pk, platform.pk],
        )
    assert access(sydney, platform) == Access.OPEN
