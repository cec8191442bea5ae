"""What a change would mean: the numbers, and who would be left without a usable provider."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organizations.models import Organization, User
from providers.choices import Access
from providers.impact import impact_of_access, impact_of_closing_doors, impact_of_default
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.factories import make_environment, make_operation, make_organization, make_provider, make_user
from tests.people import add_member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


@pytest.fixture
def platform() -> Organization:
    return make_organization(name="Platform")


@pytest.fixture
def sydney(platform: Organization) -> WorkspaceProvider:
    return make_provider(name="sydney", organizations=[platform])


def test_it_counts_people_once_and_environments_by_what_they_do(
    sydney: WorkspaceProvider, platform: Organization
) -> None:
    other, ada = make_organization(), make_user()
    AllowlistEntry.objects.create(provider=sydney, organization=other)
    for organization in (platform, other):
        add_member(organization, ada)
    add_member(platform, make_user())
    add_member(platform, make_user(is_active=False))
    add_member(make_organization(), make_user())
    for status in ("creating", "on", "failed", "off", "unknown"):
        make_environment(sydney, organization=platform, status=status)
    make_environment(organization=platform, status="on")
    impact = impact_of_closing_doors(sydney)
    assert (impact.people, impact.running, impact.stopped) == (2, 3, 2)
    assert impact.affected() == (
        "2 people in 2 organizations are affected, with 5 environments there (3 running, 2 stopped)."
    )


def test_nobody_affected_is_said() -> None:
    assert impact_of_closing_doors(make_provider()).affected() == "No organization may use it, so nobody is affected."


def test_an_organization_with_no_other_usable_provider_is_stranded(
    sydney: WorkspaceProvider, platform: Organization
) -> None:
    impact = impact_of_closing_doors(sydney)
    assert impact.stranded == [platform]
    assert impact.warning() == "No provider would take new environments of Platform any more."


@pytest.mark.parametrize(
    "state",
    [
        {"status": "error"},
        {"status": "pending"},
        {"cordoned_at": timezone.now(), "cordon_reason": "upgrade"},
        "closing",
        "being deleted",
    ],
)
def test_another_provider_helps_only_when_it_takes_new_environments(
    state: dict | str, sydney: WorkspaceProvider, platform: Organization
) -> None:
    tokyo = make_provider(name="tokyo", organizations=[platform])
    assert impact_of_closing_doors(sydney).stranded == []
    if state == "closing":
        AllowlistEntry.objects.filter(provider=tokyo).update(closing=True)
    elif state == "being deleted":
        make_operation(tokyo, kind="delete")
    else:
        WorkspaceProvider.objects.filter(pk=tokyo.pk).update(**state)
    assert impact_of_closing_doors(sydney).stranded == [platform]


def test_who_had_none_before_is_not_counted_as_left_without(sydney: WorkspaceProvider) -> None:
    WorkspaceProvider.objects.update(status="error")
    assert impact_of_closing_doors(sydney).stranded == []


def test_of_a_change_of_access_only_the_named_pairs_count(sydney: WorkspaceProvider, platform: Organization) -> None:
    tokyo, other = make_provider(name="tokyo", organizations=[platform]), make_organization(name="Other")
    AllowlistEntry.objects.create(provider=sydney, organization=other)
    make_environment(sydney, organization=platform)
    make_environment(sydney, organization=other)
    make_environment(tokyo, organization=platform)
    impact = impact_of_access({(sydney.pk, platform.pk): Access.CLOSING, (tokyo.pk, other.pk): Access.OPEN})
    assert impact.environments == 1
    assert {each.name for each in impact.organizations} == {"Platform", "Other"}
    assert impact.stranded == []
    both = {(sydney.pk, platform.pk): Access.CLOSING, (tokyo.pk, platform.pk): Access.CLOSING}
    assert impact_of_access(both).stranded == [platform]


def test_an_exchange_for_a_usable_provider_strands_nobody(sydney: WorkspaceProvider, platform: Organization) -> None:
    tokyo = make_provider(name="tokyo")
    leave = {(sydney.pk, platform.pk): Access.NONE}
    assert impact_of_access(leave).stranded == [platform]
    assert impact_of_access(leave | {(tokyo.pk, platform.pk): Access.OPEN}).stranded == []


def test_another_default_concerns_those_who_may_use_it(sydney: WorkspaceProvider, platform: Organization) -> None:
    closing = make_organization()
    AllowlistEntry.objects.create(provider=sydney, organization=closing, closing=True)
    assert impact_of_default(sydney).organizations == [platform]
    assert impact_of_default(sydney).stranded == []


@pytest.mark.parametrize("action", ["provider_cordon", "provider_delete", "provider_set_default"])
def test_the_page_that_asks_says_it(action: str, client: Client, sydney: WorkspaceProvider) -> None:
    make_provider(name="home", organizations=[Organization.objects.get()], status="error")
    page = client.get(reverse(f"providers:{action}", args=[sydney.pk])).text
    assert "0 people in 1 organization are affected, with no environments there." in page
    warned = "No provider would take new environments of Platform any more." in page
    assert warned is (action != "provider_set_default")


def test_leaving_the_release_behind_says_it_too(client: Client, sydney: WorkspaceProvider) -> None:
    """The cluster is out of reach, so that nobody could place anything there before: nobody is left without."""
    make_provider(organizations=[Organization.objects.get()])
    WorkspaceProvider.objects.filter(pk=sydney.pk).update(status="error", reason="unreachable")
    page = client.get(reverse("providers:provider_delete", args=[sydney.pk])).text
    assert page.count("0 people in 1 organization are affected") == 2
    assert "any more." not in page
