"""The form to create an environment: what it offers, preselects, disables and refuses, and whom to ask."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from environments.models import Environment
from environments.placement import place
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Organization, User
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.environments.things import IMAGE, make_member
from tests.factories import make_environment, make_operation, make_provider
from tests.people import add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
NEW = "/environments/new/"
TYPED = {"name": "dev", "image": IMAGE, "tag": "2", "cpu_cores": "1.5", "memory_gb": "3", "disk_gb": "20", "gpus": "0"}


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", quota_cpu_cores=4)


@pytest.fixture
def owner(organization: Organization) -> User:
    return make_member(organization, name="Ada Lovelace", email="ada@example.com")


@pytest.fixture
def client(owner: User) -> Client:
    return signed_in(owner)


@pytest.fixture
def default(organization: Organization) -> WorkspaceProvider:
    return make_provider(name="home", is_default=True, organizations=[organization])


def typed(organization: Organization, provider: WorkspaceProvider, **changes: Any) -> dict[str, Any]:
    return TYPED | {"organization": str(organization.pk), "provider": str(provider.pk)} | changes


def radio(page: str, provider: WorkspaceProvider) -> str:
    """The tag of the provider's radio button."""
    before, found, after = page.partition(f'value="{provider.pk}" id="provider-')
    return found and before.rpartition("<input")[2] + after.partition(">")[0]


def test_it_creates_what_was_typed_and_leads_to_its_log(
    client: Client, organization: Organization, default: WorkspaceProvider
) -> None:
    answer = client.post(NEW, typed(organization, default))
    environment = Environment.objects.get()
    assert answer["Location"] == reverse("environments:environment_detail", args=[environment.pk])
    assert (environment.name, environment.tag, environment.disk_gb) == ("dev", "2", 20)
    assert (str(environment.cpu_cores), environment.provider) == ("1.50", default)
    assert environment.owner.email == "ada@example.com"


def test_the_default_is_preselected_while_it_is_usable(
    client: Client, organization: Organization, default: WorkspaceProvider
) -> None:
    other = make_provider(name="a-other", organizations=[organization])
    page = client.get(NEW).text
    assert " checked" in radio(page, default)
    assert " checked" not in radio(page, other)
    assert "is preselected instead" not in page


def test_a_default_that_can_not_be_is_told_with_the_reason_and_the_best_is_preselected(
    client: Client, organization: Organization, default: WorkspaceProvider
) -> None:
    full, best = (make_provider(name=name, organizations=[organization]) for name in ("full", "spare"))
    make_environment(full, organization=organization)
    WorkspaceProvider.objects.filter(pk=default.pk).update(cordoned_at=timezone.now(), cordon_reason="node upgrade")
    page = client.get(NEW).text
    assert "The default, home, can't be used now." in page
    assert "home is cordoned: node upgrade" in page
    assert "spare is preselected instead" in page
    assert " disabled" in radio(page, default)
    assert " checked" in radio(page, best)


def close(provider: WorkspaceProvider) -> None:
    AllowlistEntry.objects.filter(provider=provider).update(closing=True)


UNUSABLE: dict[str, Any] = {
    "closing": close,
    "cordoned": lambda provider: WorkspaceProvider.objects.filter(pk=provider.pk).update(
        cordoned_at=timezone.now(), cordon_reason="node upgrade"
    ),
    "pending": lambda provider: WorkspaceProvider.objects.filter(pk=provider.pk).update(status="pending"),
    "error": lambda provider: WorkspaceProvider.objects.filter(pk=provider.pk).update(status="error"),
    "deletion": lambda provider: make_operation(provider, kind="delete"),
}


@pytest.mark.parametrize("state", UNUSABLE)
def test_what_the_form_disables_the_server_refuses_in_the_same_words(
    state: str, client: Client, owner: User, organization: Organization, default: WorkspaceProvider
) -> None:
    provider = make_provider(name="sydney", organizations=[organization])
    UNUSABLE[state](provider)
    provider.refresh_from_db()
    answer = client.get(NEW)
    assert " disabled" in radio(answer.text, provider)
    rules = place(owner, organization, provider).refusals
    assert rules
    assert answer.context["offer"].answer_of(provider.pk).refusals == rules
    assert all(rule.text in answer.text for rule in rules)
    why = f"{reverse('environments:why')}?organization={organization.pk}&amp;provider={provider.pk}"
    assert f'href="{why}"' in answer.text
    refused = client.post(NEW, typed(organization, provider))
    assert refused.context["form"].errors["provider"] == [f"{rule.text} {rule.remedy}" for rule in rules]
    assert not Environment.objects.exists()


def test_none_usable_says_so_and_whom_to_ask(client: Client, organization: Organization) -> None:
    make_provider(name="sydney", organizations=[organization], status="error")
    make_member(organization, OrganizationRole.MANAGER, name="Grace Hopper", email="grace@example.com")
    make_user(SiteRole.MANAGER, name="Margaret Hamilton")
    make_user(SiteRole.MANAGER, name="Left Long Ago", is_active=False)
    page = client.get(NEW).text
    assert "No provider takes a new environment of Data Science now." in page
    assert 'href="mailto:grace@example.com">Grace Hopper</a>' in page
    assert "Margaret Hamilton" in page
    assert "Left Long Ago" not in page
    assert '<button class="btn main" disabled>' in page


def test_a_person_without_an_organization_is_told_what_to_do(member: User) -> None:
    page = signed_in(member).get(NEW).text
    assert "You are in no organization" in page
    assert "<form class=" not in page
    assert signed_in(member).post(NEW, TYPED).status_code == 200
    assert not Environment.objects.exists()


def test_whoever_left_the_last_organization_meanwhile_is_told_in_the_place_of_the_form(member: User) -> None:
    part = signed_in(member).post(f"{NEW}form/", {"owner": "ada@example.com"}, headers={"HX-Request": "true"})
    assert "You are in no organization" in part.text
    assert 'id="environment-form"' in part.text
    assert "<html" not in part.text


def test_the_quota_is_shown_and_one_that_is_passed_is_told_there_with_what_was_typed(
    client: Client, owner: User, organization: Organization, default: WorkspaceProvider
) -> None:
    make_environment(default, owner=owner, organization=organization, cpu_cores=3)
    row = '<th scope="row">CPU cores</th><td class="number">4</td><td class="number">3</td><td class="number">1</td>'
    assert row in client.get(NEW).text
    answer = client.post(NEW, typed(organization, default))
    errors = answer.context["form"].errors
    assert list(errors) == ["quota"]
    assert "1.5 CPU cores of 1 left" in errors["quota"][0]
    assert 'value="1.5"' in answer.text
    assert " checked" in radio(answer.text, default)
    assert Environment.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "Dev!"),
        ("name", "x" * 26),
        ("name", "a\0b"),
        ("image", "codercom/base:1"),
        ("image", "x" * 300),
        ("tag", "a b"),
        ("cpu_cores", "NaN"),
        ("cpu_cores", "1e400"),
        ("memory_gb", "0"),
        ("disk_gb", "99999999999999999999"),
        ("gpus", "-1"),
        ("provider", ""),
        ("provider", "nowhere"),
        ("provider", "00000000-0000-4000-8000-000000000000"),
        ("organization", "nowhere"),
    ],
)
def test_bad_input_is_an_error_at_its_field(
    field: str, value: str, client: Client, organization: Organization, default: WorkspaceProvider
) -> None:
    answer = client.post(NEW, typed(organization, default) | {field: value})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert f'href="#id_{field}"' in answer.text
    assert not Environment.objects.exists()


def test_a_name_that_is_taken_is_told_at_the_name(
    client: Client, owner: User, organization: Organization, default: WorkspaceProvider
) -> None:
    make_environment(owner=owner, name="dev")
    answer = client.post(NEW, typed(organization, default))
    assert answer.context["form"].errors == {"name": ["This person has an environment of this name already."]}


def test_another_organizations_things_are_not_offered(
    client: Client, organization: Organization, default: WorkspaceProvider
) -> None:
    foreign = make_organization(name="Foreign")
    hidden = make_provider(name="far-away", organizations=[foreign])
    assert "far-away" not in client.get(NEW).text
    assert "provider" in client.post(NEW, typed(organization, hidden)).context["form"].errors
    assert "organization" in client.post(NEW, typed(foreign, hidden)).context["form"].errors
    assert not Environment.objects.exists()


def test_another_organization_shows_its_providers_and_keeps_what_was_typed(
    client: Client, owner: User, organization: Organization, default: WorkspaceProvider
) -> None:
    second = make_organization(name="Platform", quota_cpu_cores=9)
    add_member(second, owner)
    sydney = make_provider(name="sydney", organizations=[second])
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.post(
            reverse("environments:environment_form"), typed(second, default, name="half-"), headers=headers
        )
        assert 'value="half-"' in answer.text
        assert " checked" in radio(answer.text, sydney)
        assert "Your quota in Platform" in answer.text
        assert answer.context["form"].errors == {}
        assert ("<html" in answer.text) is (not headers)
    assert not Environment.objects.exists()
    assert client.get(reverse("environments:environment_form"))["Location"] == NEW


def test_one_organization_is_no_choice(client: Client, default: WorkspaceProvider) -> None:
    page = client.get(NEW).text
    assert 'id="id_organization"' not in page
    assert "In the organization Data Science." in page


def test_only_managers_name_another_owner(
    client: Client, owner: User, organization: Organization, default: WorkspaceProvider
) -> None:
    other = make_member(organization, email="alan@example.com")
    assert 'id="id_owner"' not in client.get(NEW).text
    client.post(NEW, typed(organization, default, owner="alan@example.com"))
    assert Environment.objects.get().owner == owner
    manager = signed_in(make_member(organization, OrganizationRole.MANAGER))
    manager.post(NEW, typed(organization, default, owner="Alan@example.com"))
    assert Environment.objects.get(owner=other).name == "dev"


def test_a_manager_does_not_learn_who_has_an_account(
    organization: Organization, default: WorkspaceProvider, site_admin: User
) -> None:
    client = signed_in(make_member(organization, OrganizationRole.MANAGER))
    told = []
    for email in (site_admin.email, "nobody@example.com"):
        page = client.post(NEW, typed(organization, default, owner=email))
        told.append(page.context["form"].errors["owner"])
        assert "person=" not in page.text
    assert told == [["No member of the organization has this e-mail."]] * 2


def test_for_an_owner_who_does_not_belong_there_it_says_so(
    site_manager: User, organization: Organization, default: WorkspaceProvider
) -> None:
    make_user(name="Stranger", email="stranger@example.com")
    client = signed_in(site_manager)
    answer = client.post(NEW, typed(organization, default, owner="stranger@example.com"))
    assert "Stranger is not a member of Data Science." in answer.context["form"].errors["provider"][0]
    answer = client.post(NEW, typed(organization, default, owner="nobody@example.com"))
    assert answer.context["form"].errors == {"owner": ["Nobody has an account with this e-mail."]}
    assert not Environment.objects.exists()
