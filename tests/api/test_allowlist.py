"""Allowlists and the access matrix through the API."""

import pytest

from organizations.models import User
from providers.models import AllowlistEntry
from tests.api.things import Program, problem_of
from tests.factories import make_environment, make_organization, make_provider
from tests.people import add_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(site_manager: User) -> Program:
    return Program(site_manager)


def test_the_allowlist_is_replaced_after_a_preview(manager: Program) -> None:
    old, new, kept = make_organization(), make_organization(), make_organization()
    provider, other = make_provider(organizations=[old, kept]), make_provider(organizations=[old])
    path = f"/providers/{provider.pk}/allowlist"
    body = {"organizations": [{"organization": str(each.pk), "access": "open"} for each in (kept, new)]}
    preview = manager.put(f"{path}?dry_run=true", body).json()
    assert {(each["organization"]["name"], each["new"]) for each in preview["changes"]} == {
        (old.name, "none"),
        (new.name, "open"),
    }
    assert AllowlistEntry.objects.filter(provider=provider, organization=old).exists()
    assert manager.put(path, body).json()["changes"] == preview["changes"]
    listed = manager.get(path).json()["items"]
    assert {item["organization"]["name"] for item in listed} == {kept.name, new.name}
    assert manager.put(path, body).json()["changes"] == []
    assert AllowlistEntry.objects.filter(provider=other, organization=old).exists()


def test_a_rule_that_forbids_a_change_names_every_pair(manager: Program) -> None:
    environment = make_environment()
    provider, organization = environment.provider, environment.organization
    change = {"provider": str(provider.pk), "organization": str(organization.pk), "access": "none"}
    for response in (
        manager.patch("/access", {"changes": [change]}),
        manager.patch("/access?dry_run=true", {"changes": [change]}),
        manager.put(f"/providers/{provider.pk}/allowlist", {"organizations": []}),
    ):
        refused = problem_of(response, 409)
        assert refused["code"] == "allowlist"
        assert refused["refusals"][0]["code"] == "environments_exist"
        assert refused["refusals"][0]["organization"]["name"] == organization.name


def test_closing_lets_go_on_what_is_there(manager: Program) -> None:
    environment = make_environment()
    organization = environment.organization
    make_provider(organizations=[organization])
    change = {"provider": str(environment.provider_id), "organization": str(organization.pk), "access": "closing"}
    assert manager.patch("/access", {"changes": [change]}).json()["changes"][0]["new"] == "closing"
    items = manager.get(f"/providers/{environment.provider_id}/allowlist").json()["items"]
    assert (items[0]["access"], items[0]["running"]) == ("closing", 1)


def test_a_change_of_what_somebody_else_changed_is_412(manager: Program) -> None:
    organization, provider = make_organization(), make_provider()
    make_provider(organizations=[organization])
    change = {"provider": str(provider.pk), "organization": str(organization.pk), "access": "none", "was": "closing"}
    AllowlistEntry.objects.create(provider=provider, organization=organization)
    problem_of(manager.patch("/access", {"changes": [change]}), 412)
    assert manager.patch("/access", {"changes": [change | {"was": "open"}]}).status_code == 200


def test_the_matrix_shows_what_is_filled(manager: Program) -> None:
    organization, provider = make_organization(name="Platform"), make_provider(name="sydney")
    make_provider(name="tokyo", organizations=[organization])
    make_organization(name="Research")
    answer = manager.get("/access").json()
    assert [each["name"] for each in answer["providers"]] == ["sydney", "tokyo"]
    assert [(row["organization"]["name"], len(row["cells"])) for row in answer["items"]] == [
        ("Platform", 1),
        ("Research", 0),
    ]
    assert manager.get("/access?organization=plat&provider=syd").json()["items"][0]["cells"] == []
    assert provider.name == "sydney"


def test_no_search_tells_a_member_what_is_behind_a_provider(member: User) -> None:
    mine = make_organization()
    add_member(mine, member)
    provider = make_provider(name="sydney", organizations=[mine, make_organization(name="Secret Project")])
    program = Program(member)
    for words in ("Secret", provider.cluster_address):
        assert program.get(f"/providers?q={words}").json()["items"] == []
    assert [item["name"] for item in program.get("/providers?q=SYD").json()["items"]] == ["sydney"]
