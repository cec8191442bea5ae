"""Workspace providers through the API: the same rules as on the pages, in problems instead of sentences on a page."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from organizations.models import User
from providers.models import EnvproxyToken, Operation, WorkspaceProvider
from providers.tokens import digest_of
from tests.api.things import Program, fields_of, problem_of
from tests.factories import (
    CLIENT_KEY,
    CLUSTER_TOKEN,
    make_built_in,
    make_environment,
    make_operation,
    make_organization,
    make_provider,
    make_status_change,
)
from tests.people import add_member
from tests.providers.kubeconfigs import kubeconfig

pytestmark = pytest.mark.django_db
FIELDS = {
    "name": "sydney",
    "way": "fields",
    "cluster_address": "https://203.0.113.7:6443",
    "namespace": "coder",
    "token": CLUSTER_TOKEN,
}


@pytest.fixture
def manager(site_manager: User) -> Program:
    return Program(site_manager)


def test_a_member_sees_what_his_organizations_may_use_and_nothing_behind_it(member: User) -> None:
    organization = make_organization()
    add_member(organization, member)
    provider = make_provider(organizations=[organization], status="error", reason="tls_expired", message="secret place")
    other = make_provider()
    program = Program(member)
    assert [item["id"] for item in program.get("/providers").json()["items"]] == [str(provider.pk)]
    answer = program.get(f"/providers/{provider.pk}")
    assert answer.json()["details"] is None
    assert provider.cluster_address not in answer.text
    assert "secret place" not in answer.text
    problem_of(program.get(f"/providers/{other.pk}"), 404)
    problem_of(program.post(f"/providers/{other.pk}/deploy"), 404)
    problem_of(program.post(f"/providers/{provider.pk}/deploy"), 403)
    problem_of(program.get(f"/providers/{provider.pk}/timeline"), 403)


def test_the_list_is_narrowed_as_on_the_page(manager: Program) -> None:
    make_provider(name="sydney"), make_provider(name="berlin", status="error")
    make_provider(name="tokyo", cordoned_at="2026-01-01T00:00Z", cordon_reason="x")

    def names(query: str) -> list[str]:
        return [item["name"] for item in manager.get(f"/providers?{query}").json()["items"]]

    assert names("") == ["berlin", "sydney", "tokyo"]
    assert names("q=syd") == ["sydney"]
    assert names("status=error") == ["berlin"]
    assert names("status=cordoned") == ["tokyo"]
    assert fields_of(manager.get("/providers?status=broken")) == {"status"}


def test_one_provider_tells_its_reason_with_the_remedy(manager: Program) -> None:
    provider = make_provider(status="error", reason="tls_expired", message="It ended yesterday.")
    details = manager.get(f"/providers/{provider.pk}").json()["details"]
    assert details["reason"]["code"] == "tls_expired"
    assert details["reason"]["message"] == "It ended yesterday."
    assert details["reason"]["remedy"]


def test_registering_by_fields(manager: Program) -> None:
    response = manager.post("/providers", FIELDS)
    assert response.status_code == 201
    provider = WorkspaceProvider.objects.get()
    assert response["Location"] == f"/api/v1/providers/{provider.pk}"
    assert response["ETag"] == '"1"'
    assert (response.json()["status"], response.json()["enrolment"]) == ("pending", None)
    assert provider.credential.target().token == CLUSTER_TOKEN
    assert CLUSTER_TOKEN not in response.text


def test_registering_by_kubeconfig(manager: Program) -> None:
    body = {"name": "sydney", "way": "kubeconfig", "kubeconfig": kubeconfig(), "namespace": "coder"}
    response = manager.post("/providers", body)
    assert response.status_code == 201, response.text
    assert WorkspaceProvider.objects.get().credential_kind == "kubeconfig"


def test_registering_by_enrolment_gives_the_token_and_the_command_once(manager: Program) -> None:
    response = manager.post("/providers", FIELDS | {"way": "enrolment", "token": None})
    enrolment = response.json()["enrolment"]
    assert EnvproxyToken.objects.get().digest == digest_of(enrolment["token"])
    assert enrolment["token"] in enrolment["values_file"]
    assert enrolment["token"] not in enrolment["command"]
    assert "helm upgrade" in enrolment["command"]
    assert enrolment["token"] not in manager.get(f"/providers/{response.json()['id']}").text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "Not a name"}, "name"),
        ({"name": "a" * 64}, "name"),
        ({"cluster_address": "http://203.0.113.7"}, "cluster_address"),
        ({"cluster_address": None}, "cluster_address"),
        ({"token": None}, "token"),
        ({"token": "two words"}, "token"),
        ({"hostname": "https://elsewhere.example.org"}, "hostname"),
        ({"tolerations": [{"effect": "Nothing"}]}, "tolerations"),
        ({"envproxy_replicas": 0}, "envproxy_replicas"),
        ({"way": "in-cluster"}, "way"),
        ({"way": "magic"}, "way"),
        ({"way": "kubeconfig", "kubeconfig": "no kubeconfig"}, "kubeconfig"),
        ({"hostnam": "x"}, "hostnam"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(wrong: dict[str, Any], field: str, manager: Program) -> None:
    assert field in fields_of(manager.post("/providers", FIELDS | wrong))
    assert not WorkspaceProvider.objects.exists()


def test_a_name_that_is_taken_is_told_at_the_name(manager: Program) -> None:
    make_provider(name="sydney")
    assert fields_of(manager.post("/providers", FIELDS)) == {"name"}


def test_the_contexts_of_a_kubeconfig_are_named(manager: Program) -> None:
    body = {"name": "sydney", "way": "kubeconfig", "kubeconfig": kubeconfig("one", "two"), "namespace": "coder"}
    response = manager.post("/providers", body)
    assert fields_of(response) == {"context"}
    assert "one, two" in response.text
    assert manager.post("/providers", body | {"context": "two"}).status_code == 201


def test_a_change_keeps_what_is_not_named(manager: Program) -> None:
    provider = make_provider(ssh_enabled=True, tolerations=[{"key": "a", "operator": "Exists"}], storage_class="fast")
    response = manager.patch(f"/providers/{provider.pk}", {"name": "melbourne"})
    assert response.status_code == 200, response.text
    provider.refresh_from_db()
    assert (provider.name, provider.ssh_enabled, provider.storage_class) == ("melbourne", True, "fast")
    assert provider.tolerations == [{"key": "a", "operator": "Exists"}]
    assert provider.credential.target().token == CLUSTER_TOKEN
    assert AuditEvent.objects.get(action="provider.update").after == {"name": "melbourne"}


@pytest.mark.parametrize(
    "sent",
    [
        {"ssh_enabled": False},
        {"node_selector": {"disk": "ssd"}},
        {"tolerations": []},
        {"storage_class": ""},
        {"envproxy_replicas": 3},
        {"devurl_host": "*.other.coder.example.com"},
    ],
)
def test_each_field_can_be_changed_alone(sent: dict[str, Any], manager: Program) -> None:
    provider = make_provider(storage_class="fast", tolerations=[{"key": "a", "operator": "Exists"}])
    details = manager.patch(f"/providers/{provider.pk}", sent).json()
    name, value = sent.popitem()
    assert (details | details["details"])[name] == value


def test_a_lost_race_is_412_and_changes_nothing(manager: Program) -> None:
    provider = make_provider()
    path = f"/providers/{provider.pk}"
    seen = manager.get(path)["ETag"]
    assert manager.patch(path, {"storage_class": "slow"}, If_Match=seen)["ETag"] == '"2"'
    lost = manager.patch(path, {"storage_class": "fast"}, If_Match=seen)
    assert problem_of(lost, 412)["code"] == "stale_revision"
    provider.refresh_from_db()
    assert provider.storage_class == "slow"
    assert manager.patch(path, {"storage_class": "fast"}, If_Match='W/"2"').status_code == 200
    problem_of(manager.patch(path, {"storage_class": "x"}, If_Match='"abc"'), 412)


def test_what_is_fixed_on_the_built_in_provider_is_refused_and_not_passed_over(manager: Program) -> None:
    provider = make_built_in()
    response = manager.patch(f"/providers/{provider.pk}", {"hostname": "https://x.coder.example.com", "token": "t"})
    assert fields_of(response) == {"hostname", "token"}
    assert manager.patch(f"/providers/{provider.pk}", {"name": "home"}).json()["name"] == "home"


def test_slow_work_answers_with_its_operation(manager: Program, site_manager: User) -> None:
    provider = make_provider()
    response = manager.post(f"/providers/{provider.pk}/deploy")
    assert response.status_code == 202
    operation = response.json()
    assert (operation["kind"], operation["state"], operation["is_active"]) == ("deploy", "queued", True)
    assert operation["requested_by_name"] == site_manager.email
    busy = problem_of(manager.post(f"/providers/{provider.pk}/preflight"), 409)
    assert busy["code"] == "operation_active"
    assert "Wait" in busy["remedy"]
    assert manager.post(f"/operations/{operation['id']}/cancel").json()["state"] == "cancelled"
    assert manager.post(f"/providers/{provider.pk}/preflight").status_code == 202


def test_a_check_is_asked_for(manager: Program) -> None:
    provider = make_provider()
    response = manager.post(f"/providers/{provider.pk}/check")
    assert response.status_code == 202
    assert response.json()["details"]["check_requested_at"]


def test_default_and_cordon(manager: Program) -> None:
    make_built_in()
    provider = make_provider()
    path = f"/providers/{provider.pk}"
    assert manager.post(f"{path}/default").json()["is_default"]
    assert fields_of(manager.post(f"{path}/cordon", {"reason": " "})) == {"reason"}
    assert manager.post(f"{path}/cordon", {"reason": "upgrade"}).json()["cordon"]["reason"] == "upgrade"
    assert manager.post(f"{path}/uncordon").json()["cordon"] is None
    broken = make_provider(status="error")
    assert "Ready" in problem_of(manager.post(f"/providers/{broken.pk}/default"), 409)["remedy"]


def test_a_deletion_names_what_is_in_the_way(manager: Program) -> None:
    make_built_in()
    environment = make_environment()
    refused = problem_of(manager.delete(f"/providers/{environment.provider_id}"), 409)
    assert refused["code"] == "environments_exist"
    assert refused["names"] == [str(environment)]
    empty = make_provider()
    assert manager.delete(f"/providers/{empty.pk}").json()["kind"] == "delete"


def test_the_release_is_left_behind_only_when_the_cluster_is_out_of_reach(manager: Program) -> None:
    make_built_in()
    near, gone = make_provider(), make_provider(status="error", reason="connection_refused")
    assert "within reach" in problem_of(manager.delete(f"/providers/{near.pk}?leave_release=true"), 409)["detail"]
    assert manager.delete(f"/providers/{gone.pk}?leave_release=true").status_code == 202
    assert Operation.objects.get(provider=gone).parameters == {"leave_release": True}


def test_tokens_are_rotated_and_revoked(manager: Program) -> None:
    provider = make_provider()
    path = f"/providers/{provider.pk}/tokens"
    made = manager.post(path).json()
    assert EnvproxyToken.objects.get().digest == digest_of(made["token"])
    assert made["token"] not in manager.get(path).text
    assert len(manager.get(path).json()["items"]) == 1
    assert manager.delete(f"{path}/{EnvproxyToken.objects.get().pk}").status_code == 204
    assert not EnvproxyToken.objects.alive().exists()
    assert manager.delete(path).status_code == 204
    problem_of(manager.delete(f"{path}/{10**30}"), 404)
    assert "helm upgrade" in manager.get(f"/providers/{provider.pk}/command").json()["command"]
    problem_of(manager.get(f"/providers/{make_built_in().pk}/command"), 409)


def test_an_impact_is_told_without_doing_anything(manager: Program) -> None:
    environment = make_environment()
    impact = manager.get(f"/providers/{environment.provider_id}/impact?of=cordon").json()
    assert impact["running"] == 1
    assert [each["name"] for each in impact["stranded"]] == [environment.organization.name]
    assert not WorkspaceProvider.objects.get(pk=environment.provider_id).is_cordoned
    assert fields_of(manager.get(f"/providers/{environment.provider_id}/impact?of=rename")) == {"of"}


def test_no_answer_holds_the_credential_of_a_cluster(manager: Program) -> None:
    provider = make_provider()
    make_operation(provider, lines=["line"])
    for path in ("", "/allowlist", "/timeline", "/tokens", "/command", "/availability"):
        text = manager.get(f"/providers/{provider.pk}{path}").text
        assert CLUSTER_TOKEN not in text
        assert CLIENT_KEY not in text


@pytest.mark.parametrize(
    "path", ["/providers", "/operations", "/access", "/providers/{}/allowlist", "/providers/{}/timeline"]
)
def test_a_list_costs_the_same_however_long_it_is(path: str, manager: Program) -> None:
    provider = make_provider()
    path = path.format(provider.pk)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert manager.get(path).status_code == 200
        return len(found)

    make_operation(make_environment(provider).provider)
    queries()
    before = queries()
    for _ in range(4):
        organization = make_organization()
        make_operation(make_provider(organizations=[organization]))
        make_environment(provider, organization=organization)
        make_status_change(provider)
    assert queries() == before
