"""“Why can't I?”: the rules about a person, an organization and a provider; the same answer everywhere."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.services import Actor
from environments.errors import PlacementRefusedError
from environments.services import create_environment
from organizations.choices import OrganizationRole
from organizations.models import Membership, Organization, User
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.environments.things import IMAGE, make_member, make_plan
from tests.factories import make_operation, make_provider
from tests.people import make_organization, signed_in

pytestmark = pytest.mark.django_db
WHY = "/why/"


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", quota_cpu_cores=4)


@pytest.fixture
def person(organization: Organization) -> User:
    return make_member(organization, name="Ada Lovelace", email="ada@example.com")


@pytest.fixture
def provider(organization: Organization) -> WorkspaceProvider:
    return make_provider(name="sydney", is_default=True, organizations=[organization])


def ask(client: Client, organization: Organization, provider: WorkspaceProvider, **more: str) -> Any:
    return client.get(WHY, {"organization": str(organization.pk), "provider": str(provider.pk), **more})


def test_when_all_rules_are_kept_it_says_so(
    person: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    page = ask(signed_in(person), organization, provider).text
    assert "Ada Lovelace can create an environment of Data Science on sydney" in page
    assert "All 8 rules allow it, for 2 CPU cores, 4 GB of memory, 10 GB of disk, 0 GPUs." in page
    assert "✗" not in page
    assert page.count("✓") == 8


BREAKING: dict[str, Any] = {
    "membership": lambda provider: Membership.objects.all().delete(),
    "allowlist": lambda provider: AllowlistEntry.objects.all().delete(),
    "closing": lambda provider: AllowlistEntry.objects.update(closing=True),
    "cordoned": lambda provider: WorkspaceProvider.objects.update(
        cordoned_at=timezone.now(), cordon_reason="node upgrade"
    ),
    "status": lambda provider: WorkspaceProvider.objects.update(status="error", reason="connection_refused"),
    "deletion": lambda provider: make_operation(provider, kind="delete"),
    "quota": lambda provider: Organization.objects.update(quota_cpu_cores=1, quota_gpus=0),
    "all of it": lambda provider: (
        WorkspaceProvider.objects.update(status="pending", cordoned_at=timezone.now(), cordon_reason="node upgrade"),
        AllowlistEntry.objects.update(closing=True),
        Organization.objects.update(quota_memory_gb=1),
    ),
}


@pytest.mark.parametrize("broken", BREAKING)
def test_page_form_and_service_give_the_same_answer(
    broken: str, person: User, organization: Organization, provider: WorkspaceProvider, site_manager: User
) -> None:
    BREAKING[broken](provider)
    manager = signed_in(site_manager)
    answer = ask(manager, organization, provider, person="ada@example.com").context["answer"]
    told = {rule.text for rule in answer.refusals}
    assert told
    with pytest.raises(PlacementRefusedError) as refusal:
        create_environment(
            actor=Actor(),
            owner=person,
            organization=organization,
            provider=provider,
            plan=make_plan(cpu_cores=2, memory_gb=4),
        )
    assert {rule.text for rule in refusal.value.rules} == told
    typed = {
        "name": "dev",
        "image": IMAGE,
        "tag": "1",
        "cpu_cores": "2",
        "memory_gb": "4",
        "disk_gb": "10",
        "gpus": "0",
    }
    place = {"organization": str(organization.pk), "provider": str(provider.pk), "owner": "ada@example.com"}
    errors = manager.post("/environments/new/", typed | place).context["form"].errors
    assert set(errors) <= {"provider", "quota"}
    shown = [error for field in errors.values() for error in field]
    assert len(shown) == len(told)
    assert all(any(error.startswith(text) for error in shown) for text in told)


def test_a_failed_rule_comes_with_its_remedy_and_the_verdict_is_on_top(
    person: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    BREAKING["all of it"](provider)
    page = ask(signed_in(person), organization, provider).text
    assert page.index(
        "Ada Lovelace can&#x27;t" if "can&#x27;t create" in page else "Ada Lovelace can't create"
    ) < page.index("✗")
    assert "4 of 8 rules forbid it" in page
    assert "Choose another provider, or wait until it is uncordoned." in page


def test_another_size_may_have_another_answer(
    person: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    client = signed_in(person)
    assert ask(client, organization, provider, cpu_cores="4").context["answer"].allowed
    answer = ask(client, organization, provider, cpu_cores="4.5")
    assert [rule.code for rule in answer.context["answer"].refusals] == ["quota"]
    assert "4.5 CPU cores" in answer.text


@pytest.mark.parametrize("role", ["site_manager", "auditor"])
def test_site_managers_and_auditors_ask_for_anyone(
    role: str,
    request: pytest.FixtureRequest,
    person: User,
    organization: Organization,
    provider: WorkspaceProvider,
) -> None:
    client = signed_in(request.getfixturevalue(role))
    page = ask(client, organization, provider, person="ADA@example.com").text
    assert "Ada Lovelace can create" in page
    hidden = make_provider(name="hidden")
    assert "Data Science is not on the allowlist of hidden." in ask(client, organization, hidden).text


@pytest.mark.parametrize("role", list(OrganizationRole))
def test_members_ask_for_themselves_only(
    role: OrganizationRole, person: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    asker = make_member(organization, role, name="Alan Turing")
    answer = ask(signed_in(asker), organization, provider, person="ada@example.com")
    assert "Alan Turing can create" in answer.text
    assert "Ada" not in answer.text
    assert 'name="person"' not in answer.text


def test_members_hear_nothing_of_other_organizations_and_their_providers(
    person: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    foreign = make_organization(name="Foreign")
    hidden = make_provider(name="hidden", organizations=[foreign])
    client = signed_in(person)
    for answer in (ask(client, foreign, provider), ask(client, organization, hidden)):
        assert answer.context["answer"] is None
        assert "Foreign" not in answer.text
        assert "hidden</option>" not in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("person", "nobody@example.com"),
        ("person", "a\0b"),
        ("person", "x" * 500),
        ("organization", "nowhere"),
        ("organization", ""),
        ("provider", "00000000-0000-4000-8000-000000000000"),
        ("cpu_cores", "NaN"),
        ("disk_gb", "99999999999999999999999"),
    ],
)
def test_bad_input_is_an_error_at_its_field(
    field: str, value: str, site_manager: User, organization: Organization, provider: WorkspaceProvider
) -> None:
    query = {"organization": str(organization.pk), "provider": str(provider.pk)} | {field: value}
    answer = signed_in(site_manager).get(WHY, query)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert answer.context["answer"] is None


def test_without_a_question_nothing_is_wrong_yet(person: User) -> None:
    assert 'class="errors"' not in signed_in(person).get(WHY).text
