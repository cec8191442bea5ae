"""The providers of one organization on its page, and who may open the pages of access."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from organizations.choices import OrganizationRole
from organizations.models import Organization, User
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.factories import make_environment, make_organization, make_provider, make_user
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


@pytest.fixture
def people(request: pytest.FixtureRequest, platform: Organization) -> Callable[[str], User]:
    """By a word: the six roles, and a manager of another organization."""

    def find(word: str) -> User:
        if word not in ("manager here", "member here", "manager elsewhere"):
            return request.getfixturevalue(word)
        organization = make_organization() if word == "manager elsewhere" else platform
        role = OrganizationRole.MEMBER if word == "member here" else OrganizationRole.MANAGER
        return add_member(organization, make_user(), role).user

    return find


def path_of(organization: Organization) -> str:
    return reverse("providers:organization_allowlist", args=[organization.pk])


def fields_of(client: Client, organization: Organization, *, allowed: list[str]) -> dict[str, Any]:
    """As a browser without script sends it, with these providers checked."""
    grid = client.get(path_of(organization)).context["grid"]
    names = [provider.name for provider in grid.providers]
    return {
        "providers": ",".join(provider.pk.hex for provider in grid.providers),
        "organizations": organization.pk.hex,
        "shown": grid.shown(),
        "allowed": [names.index(name) for name in allowed],
    }


def names_of(organization: Organization) -> set[str]:
    return set(AllowlistEntry.objects.filter(organization=organization).values_list("provider__name", flat=True))


def test_it_shows_each_provider_with_its_state_and_what_is_there(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    make_provider(name="tokyo", status="error", reason="dns_failed")
    make_environment(sydney, organization=platform)
    page = client.get(path_of(platform)).text
    assert "1 running, 0 stopped" in page
    assert '<span class="chip error">Error' in page
    rows = client.get(path_of(platform)).context["grid"].provider_rows()
    assert [(each.name, cell.is_allowed) for each, cell, _ in rows] == [("sydney", True), ("tokyo", False)]


def test_it_exchanges_one_provider_for_another(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    make_provider(name="tokyo")
    asked = client.post(path_of(platform), fields_of(client, platform, allowed=["tokyo"]))
    assert "Platform may not use sydney any more." in asked.text
    assert "Platform may place environments on tokyo." in asked.text
    assert names_of(platform) == {"sydney"}
    done = client.post(asked.context["save_url"], {"changes_text": asked.context["changes_text"]}, follow=True)
    assert "2 changes of access made." in done.text
    assert names_of(platform) == {"tokyo"}


def test_the_last_one_stays(client: Client, sydney: WorkspaceProvider, platform: Organization) -> None:
    page = client.post(path_of(platform), fields_of(client, platform, allowed=[]))
    assert "Platform would be left without a provider." in page.text
    assert names_of(platform) == {"sydney"}


def test_another_organization_can_not_be_changed_from_here(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    other = make_organization()
    client.post(f"{path_of(platform)}save/", {"changes_text": f"{sydney.pk.hex}.{other.pk.hex}.no"})
    assert names_of(other) == set()


def test_its_managers_read_it_without_a_form(
    people: Callable[[str], User], sydney: WorkspaceProvider, platform: Organization
) -> None:
    make_provider(name="not-theirs")
    page = signed_in(people("manager here")).get(path_of(platform)).text
    assert "sydney" in page
    assert "not-theirs" not in page
    assert 'type="checkbox"' not in page
    assert "Review the changes" not in page
    assert sydney.cluster_address not in page


def test_it_asks_a_constant_number_of_queries(
    client: Client, platform: Organization, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        make_environment(organization=platform)
    with django_assert_max_num_queries(9):
        client.get(path_of(platform))


def test_an_organization_that_is_not_there_is_not_found(client: Client) -> None:
    path = reverse("providers:organization_allowlist", args=["00000000-0000-4000-8000-000000000000"])
    assert client.get(path).status_code == 404


READS = {  # what a person gets on each page: 200, 403, 404
    "site_admin": {"provider": 200, "organization": 200, "matrix": 200},
    "site_manager": {"provider": 200, "organization": 200, "matrix": 200},
    "auditor": {"provider": 200, "organization": 403, "matrix": 200},
    "member": {"provider": 403, "organization": 403, "matrix": 403},
    "support_person": {"provider": 403, "organization": 403, "matrix": 403},
    "member here": {"provider": 403, "organization": 403, "matrix": 403},
    "manager here": {"provider": 403, "organization": 200, "matrix": 403},
    "manager elsewhere": {"provider": 403, "organization": 404, "matrix": 403},
}
MANAGERS = ("site_admin", "site_manager")


def pages_of(provider: WorkspaceProvider, organization: Organization) -> dict[str, str]:
    return {
        "provider": reverse("providers:provider_allowlist", args=[provider.pk]),
        "organization": path_of(organization),
        "matrix": reverse("providers:access_matrix"),
    }


@pytest.mark.parametrize("person", READS)
def test_each_role_opens_what_is_theirs(
    person: str, people: Callable[[str], User], sydney: WorkspaceProvider, platform: Organization
) -> None:
    client = signed_in(people(person))
    found = {name: client.get(path).status_code for name, path in pages_of(sydney, platform).items()}
    assert found == READS[person]


@pytest.mark.parametrize("person", READS)
def test_only_managers_change_anything(
    person: str, people: Callable[[str], User], sydney: WorkspaceProvider, platform: Organization
) -> None:
    make_provider(name="tokyo", organizations=[platform])
    client, text = signed_in(people(person)), f"{sydney.pk.hex}.{platform.pk.hex}.on"
    for name, path in pages_of(sydney, platform).items():
        expected = 200 if person in MANAGERS else max(403, READS[person][name])
        assert client.post(path, {"changes_text": text}).status_code == expected
        assert names_of(platform) == {"sydney", "tokyo"}
        saved = client.post(f"{path}save/", {"changes_text": text})
        assert saved.status_code == (302 if person in MANAGERS else expected)
        assert (names_of(platform) == {"tokyo"}) is (person in MANAGERS)
        AllowlistEntry.objects.get_or_create(provider=sydney, organization=platform)


def test_an_anonymous_person_signs_in_first(client: Client, sydney: WorkspaceProvider, platform: Organization) -> None:
    for path in pages_of(sydney, platform).values():
        for each in (path, f"{path}save/"):
            answer = Client().post(each)
            assert answer["Location"].startswith(f"{reverse('organizations:sign_in')}?next=")


def test_other_verbs_are_refused_and_a_get_of_save_leads_to_the_form(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    for path in pages_of(sydney, platform).values():
        assert client.delete(path).status_code == 405
        assert client.delete(f"{path}save/").status_code == 405
        assert client.get(f"{path}save/")["Location"] == path


def test_a_form_of_another_site_is_refused(
    site_manager: User, sydney: WorkspaceProvider, platform: Organization
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(site_manager, backend="django.contrib.auth.backends.ModelBackend")
    for path in pages_of(sydney, platform).values():
        assert client.post(f"{path}save/", {"changes_text": ""}).status_code == 403
