import pytest

from providers.helm.values import make_values


def test_it_says_only_what_is_known() -> None:
    assert make_values(
        access_url="https://coder.example.com",
        envproxy_access_url="http://sydney.coder.example.com/proxy",
        hostname="sydney.coder.example.com",
        cluster_address="https://10.0.0.1:6443",
        ssh_enabled=False,
    ) == {
        "cemanager": {"accessURL": "https://coder.example.com"},
        "envproxy": {
            "accessURL": "http://sydney.coder.example.com/proxy",
            "clusterAddress": "https://10.0.0.1:6443",
            "replicas": 1,
        },
        "ingress": {"host": "sydney.coder.example.com", "tls": {"enable": False}},
        "ssh": {"enable": False},
    }


@pytest.mark.parametrize(
    "hostname",
    ["sydney.example.com:8443", "https://sydney.example.com:8443", "https://sydney.example.com:8443/proxy"],
)
def test_it_keeps_the_port_of_the_hostname(hostname: str) -> None:
    values = make_values(
        access_url="https://example.com",
        envproxy_access_url="https://sydney.example.com:8443/proxy",
        hostname=hostname,
        cluster_address="https://10.0.0.1:6443",
    )
    assert values["ingress"]["host"] == "sydney.example.com:8443"
