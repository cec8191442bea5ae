"""What in the chart keeps people and secrets safe, compared as whole parts of documents."""

import base64

import pytest

from providers.kube.permissions import RUN
from tests.helm.manifests import NEWEST, OLDEST, TOKEN, Documents, documents, merged, values

TWO_COPIES = values(replicas=2)


@pytest.fixture(scope="module", params=[OLDEST, NEWEST])
def chart(request: pytest.FixtureRequest) -> Documents:
    return documents(TWO_COPIES, kube_version=request.param)


def test_it_makes_these_objects_and_no_others(chart: Documents) -> None:
    assert sorted(chart) == [
        ("Deployment", "envproxy"),
        ("Ingress", "envproxy"),
        ("PodDisruptionBudget", "envproxy"),
        ("Role", "coder"),
        ("RoleBinding", "coder"),
        ("Secret", "envproxy-token"),
        ("Service", "envproxy"),
        ("ServiceAccount", "coder"),
        ("ServiceAccount", "coder-workspace-provider-environments"),
    ]


def test_its_pod_meets_the_restricted_pod_security_standard(chart: Documents) -> None:
    pod = chart["Deployment", "envproxy"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "fsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [sorted(volume) for volume in pod["volumes"]] == [["emptyDir", "name"]]
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys()


def test_its_token_stands_in_the_secret_and_nowhere_else(chart: Documents) -> None:
    encoded = base64.b64encode(TOKEN.encode()).decode()
    others = str([document for (kind, _), document in chart.items() if kind != "Secret"])
    assert chart["Secret", "envproxy-token"]["data"] == {"token": encoded}
    assert TOKEN not in others and encoded not in others


def test_its_role_is_what_environments_need(chart: Documents) -> None:
    rules = chart["Role", "coder"]["rules"]
    granted = {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == {(one.group, one.resource, verb) for one in RUN for verb in one.verbs}


def test_its_role_is_bound_to_envproxy_alone(chart: Documents) -> None:
    binding = chart["RoleBinding", "coder"]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "coder"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "coder", "namespace": "dev"}]
    assert chart["Deployment", "envproxy"]["spec"]["template"]["spec"]["serviceAccountName"] == "coder"


def test_environments_get_no_service_account_token(chart: Documents) -> None:
    account = chart["ServiceAccount", "coder-workspace-provider-environments"]
    assert account["automountServiceAccountToken"] is False


def test_each_port_names_its_protocol(chart: Documents) -> None:
    """Without it a server-side apply of a port is ambiguous on old clusters."""
    [container] = chart["Deployment", "envproxy"]["spec"]["template"]["spec"]["containers"]
    ports = chart["Service", "envproxy"]["spec"]["ports"] + container["ports"]
    assert [port["protocol"] for port in ports] == ["TCP"] * 4


def test_every_object_carries_the_common_labels(chart: Documents) -> None:
    for document in chart.values():
        labels = document["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "envproxy"
        assert labels["app.kubernetes.io/instance"] == "coder-workspace-provider"
        assert labels["app.kubernetes.io/part-of"] == "coderadmin"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"


def test_a_new_token_rolls_the_pods() -> None:
    def annotations(token: str) -> dict[str, str]:
        deployment = documents(values(token=token))["Deployment", "envproxy"]
        return deployment["spec"]["template"]["metadata"]["annotations"]

    assert annotations("one") == annotations("one") != annotations("other")


def test_an_existing_secret_is_used_and_none_is_made() -> None:
    chart = documents(values(token="", existing_secret="mine"))
    [container] = chart["Deployment", "envproxy"]["spec"]["template"]["spec"]["containers"]
    [token] = [variable for variable in container["env"] if variable["name"] == "CEMANAGER_TOKEN"]
    assert token["valueFrom"] == {"secretKeyRef": {"name": "mine", "key": "token"}}
    assert not [name for kind, name in chart if kind == "Secret"]


def test_an_extra_authority_is_mounted_to_read_only() -> None:
    chart = documents(merged(values(), {"certs": {"secret": {"name": "company", "key": "ca.pem"}}}))
    pod = chart["Deployment", "envproxy"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert {"name": "EXTRA_CA_FILE", "value": "/etc/envproxy/certs/ca.pem"} in container["env"]
    assert {"name": "extra-ca", "mountPath": "/etc/envproxy/certs", "readOnly": True} in container["volumeMounts"]
    assert {"name": "extra-ca", "secret": {"secretName": "company"}} in pod["volumes"]
