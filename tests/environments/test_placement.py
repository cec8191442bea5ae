"""Every rule about a new environment, passed and failed, in words; and which provider is the best."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from environments.placement import best_usable, offered_providers, place, placements, quotas_of
from organizations.choices import OrganizationRole
from organizations.models import Membership, Organization, User
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.rules import Rule
from tests.environments.things import make_member, make_plan
from tests.factories import make_environment, make_operation, make_provider
from tests.people import make_organization

pytestmark = pytest.mark.django_db
MEMBER = OrganizationRole.MEMBER
SIZE = make_plan(cpu_cores=Decimal(2), gpus=1).size()


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", quota_cpu_cores=4, quota_gpus=1)


@pytest.fixture
def person(organization: Organization) -> User:
    return make_member(organization, name="Ada Lovelace", email="ada@example.com")


@pytest.fixture
def provider(organization: Organization) -> WorkspaceProvider:
    return make_provider(name="sydney", organizations=[organization])


def rules_of(person: User, organization: Organization, provider: WorkspaceProvider) -> dict[str, Rule]:
    return {rule.code: rule for rule in place(person, organization, provider, SIZE).rules}


def test_all_rules_are_told_when_all_are_kept(
    person: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    answer = place(person, organization, provider, SIZE)
    assert answer.allowed
    assert [rule.text for rule in answer.rules] == [
        "Ada Lovelace's account is active.",
        "Ada Lovelace is organization member of Data Science.",
        "Data Science is on the allowlist of sydney.",
        "sydney is not closing for Data Science.",
        "sydney is not cordoned.",
        "sydney is Ready.",
        "sydney is not being deleted.",
        "The quota per member leaves room.",
    ]
    assert not any(rule.remedy for rule in answer.rules)


def change(**fields: object) -> Callable[[WorkspaceProvider], object]:
    return lambda provider: WorkspaceProvider.objects.update(**fields)


FAILURES: dict[str, tuple[Callable[[WorkspaceProvider], object], str, str]] = {
    "account": (
        lambda provider: User.objects.update(is_active=False),
        "Ada Lovelace's account is deactivated.",
        "A site manager can activate the account.",
    ),
    "membership": (
        lambda provider: Membership.objects.all().delete(),
        "Ada Lovelace is not a member of Data Science.",
        "A manager of the organization can add the person.",
    ),
    "allowlist": (
        lambda provider: AllowlistEntry.objects.all().delete(),
        "Data Science is not on the allowlist of sydney.",
        "A site manager can add the organization to the allowlist.",
    ),
    "closing": (
        lambda provider: AllowlistEntry.objects.update(closing=True),
        "sydney is closing for Data Science: what is there goes on, new ones are not taken.",
        "Choose another provider, or ask a site manager to open it again.",
    ),
    "cordoned": (
        change(cordoned_at=timezone.now(), cordon_reason="node upgrade"),
        "sydney is cordoned: node upgrade.",
        "Choose another provider, or wait until it is uncordoned.",
    ),
    "status": (
        change(status="pending", reason=""),
        "sydney is Pending.",
        "Choose another provider, or wait until it is Ready.",
    ),
    "deletion": (
        lambda provider: make_operation(provider, kind="delete"),
        "sydney is being deleted.",
        "Choose another provider.",
    ),
    "quota": (
        lambda provider: Organization.objects.update(quota_cpu_cores="1.5", quota_gpus=0),
        "The quota per member leaves no room: 2 CPU cores of 1.5 left, 1 GPUs of 0 left.",
        "Choose a smaller size, or delete an environment that is not needed any more.",
    ),
}


@pytest.mark.parametrize("code", FAILURES)
def test_each_rule_fails_alone_and_says_what_to_do(
    code: str, person: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    make, text, remedy = FAILURES[code]
    make(provider)
    for row in (person, organization, provider):
        row.refresh_from_db()
    answer = place(person, organization, provider, SIZE)
    assert not answer.allowed
    assert [(rule.code, rule.text, rule.remedy) for rule in answer.refusals] == [(code, text, remedy)]


def test_an_error_is_told_with_its_cause(person: User, organization: Organization, provider: WorkspaceProvider) -> None:
    provider.status, provider.reason = "error", "connection_refused"
    rule = rules_of(person, organization, provider)["status"]
    assert not rule.passed
    assert rule.text.startswith("sydney is Error: ")


def test_an_organization_that_is_not_allowed_can_not_be_closing(
    person: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    AllowlistEntry.objects.all().delete()
    assert "closing" not in rules_of(person, organization, provider)


def test_an_organization_manager_belongs_and_a_site_manager_need_not(
    organization: Organization, provider: WorkspaceProvider, site_manager: User, auditor: User
) -> None:
    manager = make_member(organization, OrganizationRole.MANAGER, name="Grace")
    assert "Grace is organization manager of" in rules_of(manager, organization, provider)["membership"].text
    assert rules_of(site_manager, organization, provider)["membership"].passed
    assert not rules_of(auditor, organization, provider)["membership"].passed


def test_without_a_size_the_quota_is_left_aside(
    person: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    assert "quota" not in {rule.code for rule in place(person, organization, provider).rules}


def test_the_quota_is_limit_used_and_left(person: User, organization: Organization) -> None:
    environment = make_environment(owner=person, organization=organization, cpu_cores=3, gpus=2, disk_gb=30)
    make_environment(organization=organization, cpu_cores=1)
    found = {quota.name: (quota.limit, quota.used, quota.left) for quota in quotas_of(person, organization)}
    assert found["cpu_cores"] == (4, 3, 1)
    assert found["gpus"] == (1, 2, 0)
    assert found["disk_gb"] == (None, 30, None)
    without = {quota.name: quota.used for quota in quotas_of(person, organization, instead_of=environment)}
    assert without["cpu_cores"] == 0


def test_the_default_is_the_best_while_it_is_usable(person: User, organization: Organization) -> None:
    default = make_provider(name="z-default", is_default=True, organizations=[organization])
    make_provider(name="empty", organizations=[organization])
    make_environment(default, organization=organization)

    def best() -> str:
        found = best_usable(placements(person, organization, offered_providers(organization), role=MEMBER))
        return found.provider.name if found else ""

    assert best() == "z-default"
    WorkspaceProvider.objects.filter(is_default=True).update(status="error")
    assert best() == "empty"
    make_environment(WorkspaceProvider.objects.get(name="empty"), organization=organization)
    make_provider(name="later", organizations=[organization])
    assert best() == "later"
    WorkspaceProvider.objects.update(status="pending")
    assert best() == ""


def test_offered_are_those_of_the_allowlist_and_the_default(organization: Organization) -> None:
    make_provider(name="default", is_default=True)
    make_provider(name="allowed", organizations=[organization], status="error")
    make_provider(name="of-others", organizations=[make_organization()])
    assert [provider.name for provider in offered_providers(organization)] == ["allowed", "default"]


def test_two_hundred_providers_cost_no_more_queries_than_one(
    person: User, organization: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        for _ in range(4):
            make_provider(organizations=[organization])
        with django_assert_num_queries(3):
            placements(person, organization, offered_providers(organization), SIZE, role=MEMBER)
