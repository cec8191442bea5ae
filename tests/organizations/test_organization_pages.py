"""The list of organizations, the tabs of one, editing it, making it the default."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from organizations.choices import OrganizationRole
from organizations.models import Organization, User
from tests.factories import make_environment, make_provider
from tests.people import add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
LIST = "/manage/organizations/"


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def url(name: str, organization: Organization) -> str:
    return reverse(f"organizations:{name}", args=[organization.pk])


def filled(name: str = "Platform", members: int = 1, **fields: Any) -> Organization:
    organization = make_organization(name=name, **fields)
    for _ in range(members):
        make_environment(organization=organization, owner=add_member(organization, make_user()).user)
    return organization


def names(response: Any) -> list[str]:
    return [organization.name for organization in response.context["page"]]


def test_the_list_counts_each_thing_once(client: Client) -> None:
    organization = filled(members=3)
    make_provider(organizations=[organization])
    row = client.get(LIST).context["page"][0]
    assert (row.member_count, row.environment_count, row.provider_count) == (3, 3, 4)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "plat"}, ["Platform"]),
        ({"q": "gpus note"}, ["Data Science"]),
        ({"q": "no such thing"}, []),
        ({"sort": "-name"}, ["Platform", "Data Science", "coder"]),
        ({"sort": "members"}, ["Platform", "coder", "Data Science"]),
        ({"sort": "nonsense", "q": "\0"}, ["coder", "Data Science", "Platform"]),
    ],
)
def test_it_is_searched_and_sorted(client: Client, query: dict[str, str], found: list[str]) -> None:
    filled("Platform", members=2)
    filled("coder", members=1)
    filled("Data Science", members=0, description="Notebooks and GPUs.")
    assert names(client.get(LIST, query)) == found


def test_it_is_sorted_as_a_whole_and_shown_by_fifty(client: Client) -> None:
    Organization.objects.bulk_create(Organization(name=f"team-{number:03}") for number in range(60))
    first = client.get(LIST, {"sort": "-name"})
    assert names(first)[0] == "team-059"
    assert len(names(first)) == 50
    assert names(client.get(LIST, {"sort": "-name", "page": "2"}))[-1] == "team-000"
    assert client.get(LIST, {"page": "nonsense"}).status_code == 200


def test_an_organization_manager_sees_only_the_own_ones(member: User) -> None:
    own = filled("Own")
    filled("Other")
    add_member(own, member, OrganizationRole.MANAGER)
    add_member(make_organization(name="Plain"), member)
    page = signed_in(member).get(LIST)
    assert names(page) == ["Own"]
    assert "New organization" not in page.text


def test_a_search_by_script_gets_the_results_alone(client: Client) -> None:
    filled()
    part = client.get(LIST, {"q": "plat"}, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<section id="organization-results"')
    assert "Platform" in part


@pytest.mark.parametrize("name", ["list", "organization_detail", "organization_environments", "organization_providers"])
def test_a_page_takes_as_many_queries_for_many_rows_as_for_few(
    client: Client, name: str, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    organization = filled(members=2)
    path = LIST if name == "list" else url(name, organization)
    with django_assert_max_num_queries(10) as few:
        client.get(path)
    for number in range(6):
        filled(f"more-{number}")
        make_environment(organization=organization, owner=add_member(organization, make_user()).user)
    with django_assert_num_queries(len(few)):
        client.get(path)


def test_the_members_are_searched(client: Client) -> None:
    organization = filled(members=0)
    add_member(organization, make_user(name="Ada Lovelace"))
    add_member(organization, make_user(name="Grace Hopper"))
    page = client.get(url("organization_detail", organization), {"q": "lovel"}).text
    assert "Ada Lovelace" in page
    assert "Grace Hopper" not in page


def test_the_environments_are_named_up_to_fifty(client: Client) -> None:
    organization, owner, provider = (
        make_organization(),
        make_user(email="ada@example.com"),
        make_provider(name="sydney"),
    )
    for number in range(52):
        make_environment(provider, organization=organization, owner=owner, name=f"engine-{number:02}")
    page = client.get(url("organization_environments", organization)).text
    assert "engine-49" in page
    assert "engine-50" not in page
    assert "52" in page


def test_the_providers_say_closing_and_cordoned(client: Client) -> None:
    organization = make_organization()
    provider = make_provider(name="sydney", organizations=[organization])
    provider.allowlist.update(closing=True)
    page = client.get(url("organization_providers", organization)).text
    assert "sydney" in page
    assert "closing" in page


def test_an_organization_manager_finds_no_links_to_pages_that_are_closed(member: User) -> None:
    organization = filled()
    make_provider(organizations=[organization])
    add_member(organization, member, OrganizationRole.MANAGER)
    client = signed_in(member)
    for name in ("organization_detail", "organization_environments", "organization_providers"):
        page = client.get(url(name, organization)).text
        for closed in ("/manage/users/", "/manage/admin/", "/edit/", "/delete/", "/default/"):
            assert closed not in page


def opened(client: Client, organization: Organization) -> dict[str, Any]:
    """The form as a browser sends it back."""
    page = client.get(url("organization_update", organization))
    fields = {field.name: "" if field.value() is None else field.value() for field in page.context["form"]}
    for name in fields:
        assert f'name="initial-{name}"' in page.text
    return fields | {f"initial-{name}": value for name, value in fields.items()}


def test_two_who_edit_different_things_lose_nothing(client: Client) -> None:
    organization = make_organization(name="Platform", quota_gpus=5, quota_disk_gb=50)
    form = opened(client, organization)
    Organization.objects.update(quota_gpus=3)
    assert client.post(url("organization_update", organization), form | {"quota_disk_gb": ""}).status_code == 302
    organization.refresh_from_db()
    assert (organization.quota_gpus, organization.quota_disk_gb) == (3, None)


def test_two_who_edit_the_same_hear_of_each_other(client: Client) -> None:
    organization = make_organization(name="Platform", quota_gpus=5)
    form = opened(client, organization)
    Organization.objects.update(quota_gpus=3)
    response = client.post(url("organization_update", organization), form | {"quota_gpus": "4"})
    assert "Somebody changed this to 3" in response.context["form"].errors["quota_gpus"][0]
    assert Organization.objects.get(pk=organization.pk).quota_gpus == 3


@pytest.mark.parametrize("shown", ["x", "", "9" * 5000])
def test_what_was_shown_may_be_anything(client: Client, shown: str) -> None:
    organization = make_organization(name="Platform", quota_gpus=5)
    form = opened(client, organization) | {"initial-quota_gpus": shown, "quota_gpus": "4"}
    assert client.post(url("organization_update", organization), form).status_code in (200, 302)


def test_an_edit_is_saved(client: Client) -> None:
    organization = make_organization(name="Platform")
    form = {
        "name": "Platform Team", "description": "Runs it.", "quota_cpu_cores": "7.5", "quota_memory_gb": "64",
        "quota_disk_gb": "", "quota_gpus": "0", "auto_off_hours": "12",
    }  # fmt: skip
    assert client.post(url("organization_update", organization), form)["Location"] == url(
        "organization_detail", organization
    )
    organization.refresh_from_db()
    assert (organization.name, organization.description, organization.quota_cpu_cores) == (
        "Platform Team", "Runs it.", 7.5,
    )  # fmt: skip
    assert (organization.quota_disk_gb, organization.quota_gpus, organization.auto_off_hours) == (None, 0, 12)
    page = client.get(url("organization_detail", organization)).text
    assert "7.5" in page
    assert "64 GB" in page
    assert "after 12 hours" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "taken"), ("name", "TAKEN"), ("name", "a\0b"), ("name", "x" * 65), ("name", "a\nb"),
        ("description", "x" * 256), ("quota_cpu_cores", "0"), ("quota_cpu_cores", "129"), ("quota_cpu_cores", "NaN"),
        ("quota_cpu_cores", "1.234"), ("quota_memory_gb", "257"), ("quota_memory_gb", "1.5"), ("quota_gpus", "-1"),
        ("quota_disk_gb", "9" * 400), ("auto_off_hours", "0"), ("auto_off_hours", "often"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("new", [True, False])
def test_bad_input_is_an_error_at_its_field_and_is_kept(client: Client, field: str, value: str, new: bool) -> None:
    make_organization(name="Taken")
    organization = make_organization(name="Platform")
    path = reverse("organizations:organization_create") if new else url("organization_update", organization)
    response = client.post(path, {"name": "Fine"} | {field: value})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    organization.refresh_from_db()
    assert organization.name == "Platform"
    assert Organization.objects.count() == 2


def test_the_default_moves_after_a_question(client: Client) -> None:
    old, new = make_organization(name="Old", is_default=True), make_organization(name="New")
    assert "Old is the default no longer" in client.get(url("organization_set_default", new)).text
    assert Organization.objects.get(is_default=True) == old
    client.post(url("organization_set_default", new))
    assert Organization.objects.get(is_default=True) == new


def test_markup_in_a_name_is_text(client: Client) -> None:
    organization = make_organization(name="<b>bold</b>", description="<script>")
    for path in (LIST, url("organization_detail", organization), url("organization_update", organization)):
        page = client.get(path).text
        assert "<b>bold" not in page
        assert "<script>" not in page
