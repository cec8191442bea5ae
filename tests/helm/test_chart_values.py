"""What the chart's values do, and which of them are refused."""

from typing import Any

import pytest

from providers.helm import gateway
from providers.helm.gateway import HelmError
from providers.helm.release import HelmErrorCode
from tests.helm.manifests import NEWEST, OLDEST, Documents, documents, merged, values


def environment(chart: Documents) -> dict[str, str]:
    [container] = chart["Deployment", "envproxy"]["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}


def test_envproxy_is_told_where_everything_is() -> None:
    assert environment(documents(values(storage_class="fast"))) == {
        "CEMANAGER_ACCESS_URL": "https://coder.example.com",
        "ENVPROXY_ACCESS_URL": "https://sydney.coder.example.com:8443/proxy",
        "TERMINATION_GRACE_SECONDS": "14400",
        "CLUSTER_ADDRESS": "https://10.0.0.1:6443",
        "CLUSTER_DOMAIN_SUFFIX": ".svc.cluster.local",
        "SSH_ENABLED": "true",
        "STORAGE_CLASS": "fast",
        "DEVURL_HOST": "*.sydney.coder.example.com",
        "ENVIRONMENT_SA_NAME": "coder-workspace-provider-environments",
        "CHART_VERSION": "0.1.0",
        "LOGGING_HUMAN": "/dev/stderr",
        "LOGGING_JSON": "",
        "LOGGING_STACKDRIVER": "",
    }


def test_envproxy_runs_our_program_and_lets_sessions_end_in_peace() -> None:
    deployment = documents(values(image="registry.example.com/coderadmin:7"))["Deployment", "envproxy"]
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert (container["image"], container["command"]) == (
        "registry.example.com/coderadmin:7",
        ["coderadmin", "envproxy"],
    )
    assert pod["terminationGracePeriodSeconds"] == 14400  # as TERMINATION_GRACE_SECONDS, of which it keeps a bit
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


@pytest.mark.parametrize(
    "given",
    [
        "https://sydney.example.com:8443",
        "https://sydney.example.com:8443/",
        "https://sydney.example.com:8443/proxy",
        "https://sydney.example.com:8443/proxy/",
    ],
)
def test_the_access_url_ends_in_one_proxy_and_keeps_its_port(given: str) -> None:
    chart = documents(values(envproxy_access_url=given))
    assert environment(chart)["ENVPROXY_ACCESS_URL"] == "https://sydney.example.com:8443/proxy"


@pytest.mark.parametrize(("is_tls", "scheme"), [(True, "https"), (False, "http")])
def test_the_access_url_is_made_of_the_ingress_when_it_is_not_given(is_tls: bool, scheme: str) -> None:
    given = merged(values(envproxy_access_url=""), {"ingress": {"tls": {"enable": is_tls}}})
    assert environment(documents(given))["ENVPROXY_ACCESS_URL"] == f"{scheme}://sydney.coder.example.com:8443/proxy"


def test_the_ingress_has_both_hosts_without_port() -> None:
    spec = documents(values(ingress_class="nginx"))["Ingress", "envproxy"]["spec"]
    backend = {"service": {"name": "envproxy", "port": {"name": "http"}}}
    path = {"pathType": "Prefix", "backend": backend}
    assert spec == {
        "ingressClassName": "nginx",
        "rules": [
            {"host": "sydney.coder.example.com", "http": {"paths": [{"path": "/proxy/", **path}]}},
            {"host": "*.sydney.coder.example.com", "http": {"paths": [{"path": "/", **path}]}},
        ],
        "tls": [{"hosts": ["sydney.coder.example.com"]}, {"hosts": ["*.sydney.coder.example.com"]}],
    }


def test_the_ingress_is_open_for_uploads_streams_and_websockets_unless_annotations_say_otherwise() -> None:
    nginx = "nginx.ingress.kubernetes.io"
    own = {"a.example.com/timeout": "60", f"{nginx}/proxy-body-size": "10m"}
    given = merged(values(), {"ingress": {"additionalAnnotations": own}})
    assert documents(given)["Ingress", "envproxy"]["metadata"]["annotations"] == {
        "a.example.com/timeout": "60",
        f"{nginx}/proxy-body-size": "10m",
        f"{nginx}/proxy-buffering": "off",
        f"{nginx}/proxy-read-timeout": "3600",
        f"{nginx}/proxy-request-buffering": "off",
        f"{nginx}/proxy-send-timeout": "3600",
    }


def test_the_ingress_can_be_left_out() -> None:
    assert ("Ingress", "envproxy") not in documents(merged(values(), {"ingress": {"useDefault": False}}))


def test_without_ssh_there_is_one_port() -> None:
    chart = documents(values(ssh_enabled=False))
    assert [port["port"] for port in chart["Service", "envproxy"]["spec"]["ports"]] == [8080]
    assert environment(chart)["SSH_ENABLED"] == "false"


@pytest.mark.parametrize(
    ("kube_version", "api"), [(OLDEST, "policy/v1beta1"), ("v1.21.0", "policy/v1"), (NEWEST, "policy/v1")]
)
def test_the_disruption_budget_speaks_the_cluster_s_version(kube_version: str, api: str) -> None:
    chart = documents(values(replicas=2), kube_version=kube_version)
    assert chart["PodDisruptionBudget", "envproxy"]["apiVersion"] == api


def test_a_single_copy_has_no_disruption_budget() -> None:
    """It would keep the node from ever being drained."""
    assert ("PodDisruptionBudget", "envproxy") not in documents(values(replicas=1))


def test_tolerations_of_environments_become_a_config_map() -> None:
    given = merged(values(), {"environments": {"tolerations": [{"key": "gpu", "operator": "Exists"}]}})
    assert documents(given)["ConfigMap", "ce-environment-config"]["data"] == {
        "tolerations": '[{"key":"gpu","operator":"Exists"}]'
    }


@pytest.mark.parametrize("kube_version", [OLDEST, "v1.25.0", NEWEST])
def test_the_linter_finds_nothing(kube_version: str) -> None:
    assert gateway.lint(values(replicas=2), namespace="dev", kube_version=kube_version) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"envproxi": {}}, "additional properties 'envproxi' not allowed"),
        ({"envproxy": {"toke": "x"}}, "'/envproxy': additional properties 'toke' not allowed"),
        ({"ssh": {"enable": "yes"}}, "'/ssh/enable': got string, want boolean"),
        ({"envproxy": {"replicas": 0}}, "'/envproxy/replicas': minimum"),
        (
            {"cemanager": {"accessURL": "coder.example.com"}},
            "'/cemanager/accessURL': 'coder.example.com' does not match",
        ),
        ({"envproxy": {"clusterAddress": "http://10.0.0.1"}}, "'/envproxy/clusterAddress': 'http://10.0.0.1' does not"),
        ({"ingress": {"host": "https://sydney.example.com"}}, "'/ingress/host': 'https://sydney.example.com' does not"),
        ({"cemanager": {"accessURL": ""}}, "Set cemanager.accessURL"),
        ({"envproxy": {"clusterAddress": ""}}, "Set envproxy.clusterAddress"),
        ({"envproxy": {"token": ""}}, "Set envproxy.token (or envproxy.existingSecret)"),
        ({"envproxy": {"existingSecret": "mine"}}, "Set envproxy.token or envproxy.existingSecret, not both"),
    ],
)
def test_it_refuses_values_that_cannot_work(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(HelmError) as refusal:
        documents(merged(values(), changes))
    assert refusal.value.code == HelmErrorCode.REFUSED
    assert sentence in refusal.value.message
