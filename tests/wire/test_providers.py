"""C10: providers create, ls, cordon, uncordon, rename, rm; and the Helm command that the client prints."""

import base64
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from organizations.choices import OrganizationRole, SiteRole, TokenScope
from organizations.models import User
from providers.choices import OperationKind
from providers.helm.package import chart_version
from providers.models import AllowlistEntry, ClusterCredential, WorkspaceProvider
from tests.clusters import Cluster
from tests.factories import make_built_in, make_environment, make_operation, make_organization, make_provider
from tests.helm.conftest import Deployer, target_of
from tests.helm.manifests import documents
from tests.people import add_member, make_user
from tests.wire.conftest import Sign
from tests.wire.original import CoderError, Original

pytestmark = pytest.mark.django_db(transaction=True)
ACCESS_URL = "https://coder.example.com"
HOSTNAME, ADDRESS = "https://sydney.coder.example.com:8443", "https://203.0.113.9:6443"


@pytest.fixture(autouse=True)
def access_url(settings: Any) -> None:
    settings.ACCESS_URL = ACCESS_URL


@pytest.fixture
def client(site_manager: User, sign_in: Sign) -> Original:
    return sign_in(site_manager)


@pytest.fixture
def helm(cluster: Cluster) -> Deployer:
    return Deployer(target_of(cluster))


def nested(values: dict[str, str]) -> dict[str, Any]:
    """As Helm's --set does."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        group, key = name.split(".")
        found.setdefault(group, {})[key] = value
    return found


def beat(token: str, **more: str) -> Any:
    document = {"access_url": ACCESS_URL, "cluster_address": ADDRESS, "service_account_token": "of-the-cluster"}
    headers = {"Authorization": f"Bearer {token}"}
    return Client().post("/api/envproxy/v1/beat", document | more, content_type="application/json", headers=headers)


def test_create_answers_what_the_printed_helm_command_needs(client: Original) -> None:
    created = client.create_provider("sydney", hostname=HOSTNAME, cluster_address=ADDRESS)
    provider = WorkspaceProvider.objects.get()
    assert (created["id"], created["name"], created["status"]) == (str(provider.pk), "sydney", "pending")
    client.url = ACCESS_URL
    chart = documents(nested(client.helm_values(created, hostname=HOSTNAME, cluster_address=ADDRESS)))
    [container] = chart["Deployment", "envproxy"]["spec"]["template"]["spec"]["containers"]
    told = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert told["ENVPROXY_ACCESS_URL"] == provider.envproxy_access_url
    assert (told["CLUSTER_ADDRESS"], told["CEMANAGER_ACCESS_URL"]) == (ADDRESS, ACCESS_URL)
    sent = base64.b64decode(chart["Secret", "envproxy-token"]["data"]["token"]).decode()
    assert sent == created["envproxy_token"]
    assert beat(created["envproxy_token"]).status_code == 200
    assert ClusterCredential.objects.filter(provider=provider).exists()


def test_the_printed_helm_command_installs_the_chart(client: Original, helm: Deployer) -> None:
    """On the sandbox, and on the real clusters that are named."""
    created = client.create_provider("sydney", hostname=HOSTNAME, cluster_address=ADDRESS)
    client.url = ACCESS_URL
    values = nested(client.helm_values(created, hostname=HOSTNAME, cluster_address=ADDRESS))
    release = helm.deploy(values)
    assert (release.status, release.chart_version) == ("deployed", chart_version())
    helm.uninstall()


def test_the_chart_of_the_version_in_the_header_is_in_our_repository(client: Original) -> None:
    index = Client().get("/charts/index.yaml").content.decode()
    assert f"version: {client.version()}" in index


def test_the_namespace_is_where_helm_put_it(client: Original) -> None:
    created = client.create_provider("sydney", hostname=HOSTNAME, cluster_address=ADDRESS)
    beat(created["envproxy_token"], namespace="team-sydney")
    assert client.provider("sydney")["config"]["default_namespace"] == "team-sydney"
    assert AuditEvent.objects.get(action="provider.enrol").after["namespace"] == "team-sydney"
    beat(created["envproxy_token"], namespace="elsewhere", service_account_token="renewed")
    assert client.provider("sydney")["config"]["default_namespace"] == "team-sydney"


def test_a_namespace_that_another_provider_has_is_refused(client: Original) -> None:
    make_provider(cluster_address=ADDRESS, namespace="team-sydney")
    created = client.create_provider("sydney", hostname=HOSTNAME, cluster_address=ADDRESS)
    assert beat(created["envproxy_token"], namespace="team-sydney").status_code == 422
    assert client.provider("sydney")["config"]["default_namespace"] == "coder"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "Not A Label"}, "name"),
        ({"name": "x" * 64}, "name"),
        ({"hostname": "https://sydney.elsewhere.example"}, "hostname"),
        ({"hostname": "http://sydney.coder.example.com"}, "hostname"),
        ({"cluster_address": "http://203.0.113.9"}, "cluster_address"),
        ({"cluster_address": ""}, "cluster_address"),
        ({"type": "docker"}, "type"),
        ({"namespace": "-"}, "namespace"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(wrong: dict[str, str], field: str, client: Original) -> None:
    good = {"name": "sydney", "type": "kubernetes", "hostname": HOSTNAME, "cluster_address": ADDRESS}
    with pytest.raises(CoderError, match=f"400: {field}: "):
        client.call("POST", "/api/private/resource-pools", good | wrong)
    assert not WorkspaceProvider.objects.exists()


def test_a_name_that_is_taken_makes_nothing(client: Original) -> None:
    make_provider(name="sydney")
    with pytest.raises(CoderError, match="400: name: Another provider has this name"):
        client.create_provider("sydney", hostname=HOSTNAME, cluster_address=ADDRESS)
    assert WorkspaceProvider.objects.count() == 1


def test_no_token_and_no_credential_is_ever_in_a_list(client: Original) -> None:
    created = client.create_provider("sydney", hostname=HOSTNAME, cluster_address=ADDRESS)
    make_provider()
    answer = client.send("GET", "/api/private/resource-pools")
    assert created["envproxy_token"] not in answer.body.decode()
    assert b"no-page-may-show" not in answer.body


def test_ls_cordon_uncordon_rename_rm(client: Original) -> None:
    provider = make_provider(name="europe")
    client.cordon("europe", "node upgrade")
    client.cordon("europe", "again")
    provider.refresh_from_db()
    assert provider.cordon_reason == "node upgrade"
    client.uncordon("europe")
    client.rename_provider("europe", "us-east-1")
    listed = client.provider("us-east-1")
    assert (listed["id"], listed["status"]) == (str(provider.pk), "ready")
    assert listed["envproxy_access_url"] == "https://europe.coder.example.com/proxy"
    client.remove_provider("us-east-1")
    assert provider.operations.get().kind == OperationKind.DELETE


def test_cordoning_takes_a_reason_of_one_line(client: Original) -> None:
    make_provider(name="europe")
    for reason in ("", " ", "x" * 256):
        with pytest.raises(CoderError, match="400: reason: "):
            client.cordon("europe", reason)


def test_a_refusal_says_the_rule_and_the_next_step(client: Original) -> None:
    make_built_in(name="built-in")
    with pytest.raises(CoderError, match="409: The built-in provider is this deployment's own cluster"):
        client.remove_provider("built-in")
    busy = make_provider(name="busy")
    make_operation(busy)
    with pytest.raises(CoderError, match=r"409: Deploy by .* is under way on busy. Wait until it has ended"):
        client.remove_provider("busy")
    environment = make_environment()
    with pytest.raises(CoderError, match=r"409: .* still has environments"):
        client.remove_provider(environment.provider.name)


def test_without_a_name_the_client_takes_the_default_and_not_the_built_in(client: Original) -> None:
    make_built_in(is_default=False)
    make_provider(name="near", is_default=True)
    assert client.default_provider()["name"] == "near"


def test_a_member_lists_what_its_organizations_may_use_and_changes_nothing(member: User, sign_in: Sign) -> None:
    mine, other = make_organization(), make_organization()
    add_member(mine, member)
    make_provider(name="mine", organizations=[mine, other])
    make_provider(name="other", organizations=[other])
    client = sign_in(member)
    assert [(each["name"], each["org_whitelist"]) for each in client.providers()] == [("mine", [str(mine.pk)])]
    with pytest.raises(CoderError, match="unexpected status code 403: Only site managers may change"):
        client.create_provider("sydney", hostname=HOSTNAME, cluster_address=ADDRESS)
    with pytest.raises(CoderError, match="403"):
        client.cordon("mine", "why not")
    denied = AuditEvent.objects.get(action="provider.cordon", outcome=AuditEvent.Outcome.DENIED)
    assert (denied.actor_name, denied.target_name) == (member.email, "mine")
    for method, verb in (("GET", ""), ("DELETE", ""), ("PATCH", ""), ("POST", "/cordon"), ("POST", "/uncordon")):
        stranger = WorkspaceProvider.objects.get(name="other").pk
        with pytest.raises(CoderError, match="404"):
            client.call(method, f"/api/private/resource-pools/{stranger}{verb}")


def test_a_provider_with_environments_of_mine_is_listed_although_i_left(member: User, sign_in: Sign) -> None:
    place = make_environment(owner=member).provider
    assert [each["id"] for each in sign_in(member).providers()] == [str(place.pk)]


def test_a_manager_of_an_organization_sees_the_providers_of_its_environments(sign_in: Sign) -> None:
    manager, environment = make_user(), make_environment()
    add_member(environment.organization, manager, OrganizationRole.MANAGER)
    assert sign_in(manager).providers()[0]["id"] == str(environment.provider_id)


def test_an_auditor_reads(sign_in: Sign) -> None:
    make_provider(name="europe")
    client = sign_in(make_user(SiteRole.AUDITOR))
    assert client.provider("europe")
    with pytest.raises(CoderError, match="403"):
        client.uncordon("europe")


def test_a_token_for_providers_does(site_manager: User, sign_in: Sign) -> None:
    make_provider(name="europe")
    sign_in(site_manager, TokenScope.PROVIDERS).cordon("europe", "node upgrade")


def test_the_allowlist_is_changed_with_all_its_rules(client: Original) -> None:
    keeps, joins = make_organization(), make_organization()
    provider = make_provider(organizations=[keeps])
    path = f"/api/private/resource-pools/{provider.pk}"
    client.call("PATCH", path, {"org_whitelist": [str(keeps.pk), str(joins.pk)]})
    assert AllowlistEntry.objects.filter(provider=provider).count() == 2
    with pytest.raises(CoderError, match="409"):
        client.call("PATCH", path, {"name": "renamed", "org_whitelist": []})
    provider.refresh_from_db()
    assert provider.name != "renamed"
    with pytest.raises(CoderError, match="400: org_whitelist"):
        client.call("PATCH", path, {"org_whitelist": [str(provider.pk)]})


def test_a_list_costs_the_same_however_long_it_is(
    client: Original, django_assert_max_num_queries: Any, site_manager: User
) -> None:
    for _ in range(5):
        make_provider(organizations=[make_organization()])
    headers = {"Session-Token": client.token}
    with django_assert_max_num_queries(4):
        assert len(Client().get("/api/private/resource-pools", headers=headers).json()["kubernetes"]) == 5
