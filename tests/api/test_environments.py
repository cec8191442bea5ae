"""Environments, the question why, and organizations through the API."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from environments.models import Environment, EnvironmentOperation
from organizations.choices import OrganizationRole
from organizations.models import Membership, Organization, User
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.api.things import Program, fields_of, problem_of
from tests.environments.things import make_work
from tests.factories import make_built_in, make_environment, make_organization, make_provider
from tests.people import add_member, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization(member: User) -> Organization:
    organization = make_organization(name="Platform")
    add_member(organization, member)
    return organization


@pytest.fixture
def provider(organization: Organization) -> WorkspaceProvider:
    return make_provider(name="sydney", organizations=[organization])


@pytest.fixture
def mine(member: User) -> Program:
    return Program(member)


def wanted(organization: Organization, **fields: Any) -> dict[str, Any]:
    return {"organization": str(organization.pk), "name": "dev", "image": "codercom/enterprise-base"} | fields


def test_an_environment_is_created_on_the_best_provider(
    mine: Program, organization: Organization, provider: WorkspaceProvider
) -> None:
    response = mine.post("/environments", wanted(organization))
    assert response.status_code == 201, response.text
    made = response.json()
    assert (made["provider"]["name"], made["status"], made["cpu_cores"]) == ("sydney", "creating", 2)
    assert response["Location"] == f"/api/v1/environments/{made['id']}"
    assert made["operation"]["kind"] == "create"
    assert made["operation"]["id"] == str(EnvironmentOperation.objects.get().pk)
    log = mine.get(f"/environment-operations/{made['operation']['id']}/log").json()
    assert (log["state"], log["is_active"]) == ("queued", True)


def test_a_refusal_carries_the_rules_of_the_why_page(
    mine: Program, organization: Organization, provider: WorkspaceProvider
) -> None:
    provider.cordoned_at, provider.cordon_reason = provider.created_at, "node upgrade"
    provider.save()
    refused = problem_of(mine.post("/environments", wanted(organization, provider=str(provider.pk))), 409)
    why = mine.get(f"/why?organization={organization.pk}&provider={provider.pk}").json()
    failed = [rule for rule in why["rules"] if not rule["passed"]]
    assert refused["code"] == "placement"
    assert [rule["text"] for rule in refused["rules"]] == [rule["text"] for rule in failed]
    assert [rule["code"] for rule in refused["rules"]] == ["cordoned"]
    assert not why["allowed"]
    assert not Environment.objects.exists()


def test_no_provider_at_all_is_told_at_the_provider(mine: Program, organization: Organization) -> None:
    assert fields_of(mine.post("/environments", wanted(organization))) == {"provider"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "No Name"}, "name"),
        ({"name": "x" * 26}, "name"),
        ({"cpu_cores": "0"}, "cpu_cores"),
        ({"disk_gb": 10_000}, "disk_gb"),
        ({"gpus": "many"}, "gpus"),
        ({"provider": "00000000-0000-4000-8000-000000000000"}, "provider"),
        ({"organization": "00000000-0000-4000-8000-000000000000"}, "organization"),
        ({"namespace": "x"}, "namespace"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    wrong: dict[str, Any], field: str, mine: Program, organization: Organization, provider: WorkspaceProvider
) -> None:
    assert field in fields_of(mine.post("/environments", wanted(organization) | wrong))


def test_only_those_who_manage_create_for_others(
    mine: Program, organization: Organization, provider: WorkspaceProvider
) -> None:
    other = add_member(organization, make_user()).user
    body = wanted(organization, owner=other.email)
    problem_of(mine.post("/environments", body), 403)
    assert not Environment.objects.exists()
    manager = add_member(organization, make_user(), OrganizationRole.MANAGER).user
    assert Program(manager).post("/environments", body).json()["owner"]["email"] == other.email


def test_a_member_sees_and_touches_his_own_only(mine: Program, member: User) -> None:
    own, other = make_environment(owner=member), make_environment()
    operation = make_work(other)
    assert [item["id"] for item in mine.get("/environments").json()["items"]] == [str(own.pk)]
    for response in (
        mine.get(f"/environments/{other.pk}"),
        mine.post(f"/environments/{other.pk}/stop"),
        mine.delete(f"/environments/{other.pk}"),
        mine.get(f"/environment-operations/{operation.pk}/log"),
        mine.post(f"/environment-operations/{operation.pk}/cancel"),
    ):
        problem_of(response, 404)


def test_starting_and_stopping(mine: Program, member: User) -> None:
    environment = make_environment(owner=member, status="on")
    path = f"/environments/{environment.pk}"
    assert mine.post(f"{path}/start").json() == {"operation": None}
    stopping = mine.post(f"{path}/stop").json()["operation"]
    assert (stopping["kind"], stopping["environment"]["name"]) == ("stop", environment.name)
    assert problem_of(mine.post(f"{path}/start"), 409)["code"] == "operation_active"
    assert mine.get(path).json()["active_operation"] == "stop"
    assert mine.post(f"/environment-operations/{stopping['id']}/cancel").json()["state"] == "cancelled"
    assert len(mine.get(f"{path}/operations").json()["items"]) == 1


def test_a_rebuild_keeps_what_is_not_named_and_heeds_if_match(mine: Program, member: User) -> None:
    environment = make_environment(owner=member, disk_gb=20, cpu_cores=4)
    path = f"/environments/{environment.pk}"
    seen = mine.get(path)["ETag"]
    assert fields_of(mine.post(f"{path}/rebuild", {"disk_gb": 10})) == {"disk_gb"}
    assert mine.post(f"{path}/rebuild", {"tag": "next"}, If_Match=seen).status_code == 202
    environment.refresh_from_db()
    assert (environment.tag, environment.disk_gb, environment.cpu_cores) == ("next", 20, 4)
    EnvironmentOperation.objects.update(state="succeeded")
    problem_of(mine.post(f"{path}/rebuild", {"tag": "lost"}, If_Match=seen), 412)
    assert mine.post(f"{path}/rebuild").status_code == 202


def test_auto_off_is_postponed(mine: Program, member: User) -> None:
    environment = make_environment(owner=member)
    problem_of(mine.post(f"/environments/{environment.pk}/postpone"), 409)
    Organization.objects.update(auto_off_hours=8)
    assert mine.post(f"/environments/{environment.pk}/postpone").json()["auto_off_at"]


def test_deleting_and_leaving_behind(mine: Program, member: User, site_manager: User) -> None:
    gone = make_provider(status="error", reason="connection_refused")
    environment = make_environment(gone, owner=member)
    path = f"/environments/{environment.pk}"
    problem_of(mine.delete(f"{path}?leave_objects=true"), 403)
    assert Program(site_manager).delete(f"{path}?leave_objects=true").json()["operation"]["kind"] == "delete"
    near = make_environment(owner=member)
    problem_of(Program(site_manager).delete(f"/environments/{near.pk}?leave_objects=true"), 409)
    assert mine.delete(f"/environments/{near.pk}").status_code == 202


def test_the_list_is_narrowed(site_manager: User) -> None:
    program = Program(site_manager)
    first, second = make_environment(status="off"), make_environment()

    def names(query: str) -> list[str]:
        return [item["name"] for item in program.get(f"/environments?{query}").json()["items"]]

    assert names("status=off") == [first.name]
    assert names(f"provider={second.provider_id}") == [second.name]
    assert names(f"organization={first.organization_id}") == [first.name]
    assert names(f"owner={second.owner.email.upper()}") == [second.name]
    assert names(f"q={first.name}") == [first.name]
    assert fields_of(program.get("/environments?status=gone")) == {"status"}
    assert fields_of(program.get("/environments?owner=%00")) == {"owner"}


def test_why_for_others_is_for_those_who_may_ask(
    mine: Program, organization: Organization, provider: WorkspaceProvider, auditor: User, member: User
) -> None:
    query = f"/why?organization={organization.pk}&provider={provider.pk}"
    problem_of(mine.get(f"{query}&person={auditor.email}"), 403)
    assert mine.get(f"{query}&person={member.email}").json()["allowed"]
    answer = Program(auditor).get(f"{query}&person={member.email}").json()
    assert answer["allowed"]
    assert not Program(auditor).get(query).json()["allowed"]
    organization.quota_gpus = 1
    organization.save()
    assert not mine.get(f"{query}&gpus=2").json()["allowed"]
    assert fields_of(mine.get(f"{query}&gpus=21")) == {"gpus"}
    assert fields_of(mine.get("/why")) == {"organization", "provider"}


def test_an_organization_is_created_changed_and_deleted(site_manager: User) -> None:
    program, built_in = Program(site_manager), make_built_in()
    default = make_organization(is_default=True)
    made = program.post("/organizations", {"name": "Platform", "quota_cpu_cores": "4.5"})
    assert made.status_code == 201, made.text
    path = f"/organizations/{made.json()['id']}"
    assert made["Location"] == f"/api/v1{path}"
    assert AllowlistEntry.objects.get(organization__name="Platform").provider == built_in
    changed = program.patch(path, {"description": "Tools", "quota_cpu_cores": None}).json()
    assert (changed["name"], changed["description"], changed["quota_cpu_cores"]) == ("Platform", "Tools", None)
    assert fields_of(program.patch(path, {"name": default.name.upper()})) == {"name"}
    assert fields_of(program.post("/organizations", {"name": "platform"})) == {"name"}
    add_member(Organization.objects.get(name="Platform"), make_user())
    assert program.get(f"{path}/impact").json()["people"] == 1
    assert program.delete(path).json()["joining"] == 1
    problem_of(program.get(path), 404)
    assert "default" in problem_of(program.delete(f"/organizations/{default.pk}"), 409)["detail"]
    assert program.post(f"/organizations/{default.pk}/default").json()["is_default"]


def test_members_are_added_changed_and_removed(organization: Organization, member: User) -> None:
    manager = add_member(organization, make_user(), OrganizationRole.MANAGER).user
    program, person = Program(manager), make_user()
    path = f"/organizations/{organization.pk}/members"
    assert program.post(path, {"email": person.email.upper()}).json()["role"] == "organization-member"
    assert fields_of(program.post(path, {"email": "nobody@example.com"})) == {"email"}
    assert program.patch(f"{path}/{person.pk}", {"role": "organization-manager"}).json()["role"].endswith("manager")
    assert {item["user"]["email"] for item in program.get(path).json()["items"]} == {
        manager.email,
        member.email,
        person.email,
    }
    assert program.delete(f"{path}/{person.pk}").status_code == 204
    assert not Membership.objects.filter(user=person).exists()
    make_environment(owner=member, organization=organization)
    assert "environments" in problem_of(program.delete(f"{path}/{member.pk}"), 409)["detail"]


def test_an_organization_lists_what_it_may_use_to_those_who_manage_it(
    mine: Program, organization: Organization, provider: WorkspaceProvider
) -> None:
    make_provider()
    problem_of(mine.get(f"/organizations/{organization.pk}/providers"), 403)
    manager = add_member(organization, make_user(), OrganizationRole.MANAGER).user
    items = Program(manager).get(f"/organizations/{organization.pk}/providers").json()["items"]
    assert [(item["provider"]["name"], item["access"]) for item in items] == [("sydney", "open")]


def test_the_audit_trail_is_filtered(site_manager: User, auditor: User, mine: Program) -> None:
    program = Program(site_manager)
    make_organization(is_default=True)
    program.post("/users", {"email": "new@example.com"})
    items = Program(auditor).get("/audit?action=user.create").json()["items"]
    assert [(item["actor"]["name"], item["target"]["name"]) for item in items] == [
        (site_manager.email, "new@example.com")
    ]
    assert Program(auditor).get(f"/audit?person={site_manager.email.upper()}&outcome=succeeded").json()["items"]
    assert not Program(auditor).get("/audit?since=2100-01-01T00:00:00Z").json()["items"]
    assert fields_of(Program(auditor).get("/audit?outcome=maybe")) == {"outcome"}
    problem_of(mine.get("/audit"), 403)
    assert AuditEvent.objects.filter(action="token.create").exists()


@pytest.mark.parametrize("path", ["/environments", "/organizations/{}/members", "/organizations/{}/providers"])
def test_a_list_costs_the_same_however_long_it_is(path: str, site_manager: User, organization: Organization) -> None:
    program, path = Program(site_manager), path.format(organization.pk)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert program.get(path).status_code == 200
        return len(found)

    make_environment(organization=organization)
    queries()
    before = queries()
    for _ in range(4):
        make_work(make_environment(organization=organization))
        add_member(organization, make_user())
    assert queries() == before
