import base64
from typing import Any

import pytest
import yaml

from providers.kube.kubeconfig import Kubeconfig, parse_kubeconfig
from providers.kube.kubeconfig_rules import KubeconfigError
from tests.kube.authority import Authority

# Of an elliptic curve that nobody uses (prime239v1): OpenSSL reads it, cryptography does not.
STRANGE_KEY = """\
-----BEGIN PRIVATE KEY-----
MIGBAgEAMBMGByqGSM49AgEGCCqGSM49AwEEBGcwZQIBAQQeG0X7W+rCIz79sP6n
WMc4L200nwfYZVqwHzKCAyKeoUADPgAEMbZegoJwgRp+sjG5IpAHc00UYjGcuN5c
WLGMhZPNcy40lVU0fe/XDaLYfgjlZmfIc33RUk7U6Lj7evw3
-----END PRIVATE KEY-----
"""
STRANGE_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBZjCCARGgAwIBAgIUDS3h/yTFXXqB3K+KcQdKQerSQH0wCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAgFw0yNjExMjcxMTAxNTVaGA8yMTI2MTEwMzExMDE1NVow
DDEKMAgGA1UEAwwBeDBVMBMGByqGSM49AgEGCCqGSM49AwEEAz4ABDG2XoKCcIEa
frIxuSKQB3NNFGIxnLjeXFixjIWTzXMuNJVVNH3v1w2i2H4I5WZnyHN90VJO1Oi4
+3r8N6NTMFEwHQYDVR0OBBYEFOdkhcAuo72jLkIJaS1UZ+Lx0NWqMB8GA1UdIwQY
MBaAFOdkhcAuo72jLkIJaS1UZ+Lx0NWqMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZI
zj0EAwIDQwAwQAIeTguuLodYR4nMA/1vdrvR/vhBvxhMur9/5y/Hs77UAh5RSEbi
HyKl2Uz3J/tVDNHChTZAG5809YxJ8KNif1A=
-----END CERTIFICATE-----
"""


def inline(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def document(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, **extra: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "prod", "cluster": {"server": "https://API.example.com:6443/"} | (cluster or {})}],
        "users": [{"name": "deployer", "user": {"token": "s3cr3t"} if user is None else user}],
        "contexts": [{"name": "main", "context": {"cluster": "prod", "user": "deployer", "namespace": "coder"}}],
        "current-context": "main",
    } | extra


def parse(*args: Any, **extra: Any) -> Kubeconfig:
    return parse_kubeconfig(yaml.safe_dump(document(*args, **extra)))


def refusal(*args: Any, **extra: Any) -> str:
    with pytest.raises(KubeconfigError) as caught:
        parse(*args, **extra)
    return str(caught.value)


def test_it_reads_contexts_and_makes_a_target() -> None:
    kubeconfig = parse()
    context = kubeconfig.contexts[0]
    assert (context.name, context.user, context.namespace) == ("main", "deployer", "coder")
    assert (context.cluster_address, kubeconfig.current_context) == ("https://api.example.com:6443", "main")
    target = kubeconfig.target("main")
    assert (target.address, target.namespace, target.token) == ("https://api.example.com:6443", "coder", "s3cr3t")


def test_the_namespace_may_be_chosen_and_is_default_otherwise() -> None:
    kubeconfig = parse(contexts=[{"name": "main", "context": {"cluster": "prod", "user": "deployer"}}])
    assert kubeconfig.target("main").namespace == "default"
    assert kubeconfig.target("main", namespace="team-a").namespace == "team-a"
    with pytest.raises(KubeconfigError, match="Team_A"):
        kubeconfig.target("main", namespace="Team_A")


def test_it_takes_a_client_certificate(authority: Authority) -> None:
    certificate, key = authority.issue("deployer")
    user = {"client-certificate-data": inline(certificate), "client-key-data": inline(key)}
    target = parse({"certificate-authority-data": inline(authority.pem)}, user).target("main")
    assert (target.ca_pem, target.client_certificate_pem) == (authority.pem, certificate)


def test_what_it_makes_can_be_read_again(authority: Authority) -> None:
    certificate, key = authority.issue("deployer")
    user = {"token": "s3cr3t", "client-certificate-data": inline(certificate), "client-key-data": inline(key)}
    target = parse({"certificate-authority-data": inline(authority.pem)}, user).target("main")
    assert parse_kubeconfig(target.kubeconfig()).target("context") == target


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("exec", {"command": "aws"}),
        ("auth-provider", {"name": "gcp"}),
        ("client-certificate", "/etc/passwd"),
        ("client-key", "key.pem"),
        ("tokenFile", "/var/run/token"),
        ("username", "admin"),
        ("password", "hunter2"),
        ("as", "system:admin"),
        ("as-groups", ["system:masters"]),
        ("as-uid", "0"),
        ("as-user-extra", {"reason": ["x"]}),
        ("something-new", "1"),
    ],
)
def test_it_refuses_by_name_in_a_user(key: str, value: object) -> None:
    text = refusal(user={"token": "s3cr3t", key: value})
    assert f"“{key}”" in text
    assert "“deployer”" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("certificate-authority", "/etc/ssl/ca.pem"),
        ("proxy-url", "http://proxy:3128"),
        ("insecure-skip-tls-verify", True),
        ("tls-server-name", "other.example.com"),
    ],
)
def test_it_refuses_by_name_in_a_cluster(key: str, value: object) -> None:
    text = refusal({key: value})
    assert f"“{key}”" in text
    assert "“prod”" in text


def test_what_is_switched_off_is_no_reason_to_refuse() -> None:
    assert parse({"insecure-skip-tls-verify": False, "proxy-url": "", "tls-server-name": None}).target("main")


@pytest.mark.parametrize(
    "server", ["http://api.example.com", "https://admin:pw@api.example.com", "api.example.com", ""]
)
def test_it_refuses_the_address(server: str) -> None:
    text = refusal({"server": server})
    assert "“prod”" in text
    assert "pw" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a [1]\nb: *a", "aliases"),
        ("[" * 30 + "]" * 30, "nested"),
        ("[" * 100_000, "nested"),
        ("# " + "x" * 256 * 1024, "256 KiB"),
        ("{not yaml", "not a kubeconfig"),
        ("a: 1\n---\nb: 2", "not a kubeconfig"),
        ("just a text", "not a kubeconfig"),
        ("", "not a kubeconfig"),
        ("!!python/object/apply:os.system ['true']", "not a kubeconfig"),
        ("kind: Config\ncontexts: []", "no contexts"),
        ("kind: Config\ncontexts: null", "no contexts"),
        ("contexts: {}", "not a list"),
        ("contexts: [1]", "no name"),
        ("a\x00b: 1", "not a kubeconfig"),
    ],
)
def test_it_refuses_what_is_no_kubeconfig(text: str, expected: str) -> None:
    with pytest.raises(KubeconfigError, match=expected):
        parse_kubeconfig(text)


def test_it_refuses_certificates_that_are_none(authority: Authority) -> None:
    assert "base64" in refusal({"certificate-authority-data": "%%%"})
    assert "PEM" in refusal({"certificate-authority-data": inline("no certificate")})


def test_it_refuses_half_a_pair_and_a_wrong_pair(authority: Authority) -> None:
    certificate, _ = authority.issue()
    _, other_key = authority.issue()
    assert "both" in refusal(user={"client-certificate-data": inline(certificate)})
    pair = {"client-certificate-data": inline(certificate), "client-key-data": inline(other_key)}
    assert "does not belong" in refusal(user=pair)


def test_it_refuses_a_pair_of_a_kind_that_is_not_supported(authority: Authority) -> None:
    certificate, key = authority.issue()
    for pair in ((certificate, STRANGE_KEY), (STRANGE_CERTIFICATE, key)):
        user = dict(zip(("client-certificate-data", "client-key-data"), map(inline, pair), strict=True))
        assert "not supported" in refusal(user=user)


def test_it_refuses_a_user_without_credential_and_a_token_with_line_breaks() -> None:
    assert "no token" in refusal(user={})
    assert "token" in refusal(user={"token": "a\r\nX-Header: b"})


def test_it_refuses_a_context_that_leads_nowhere() -> None:
    contexts = [{"name": "main", "context": {"cluster": "gone", "user": "deployer"}}]
    assert "does not hold" in refusal(contexts=contexts)


def test_one_bad_context_does_not_spoil_a_good_one() -> None:
    users = [{"name": "deployer", "user": {"token": "s3cr3t"}}, {"name": "cloud", "user": {"exec": {"command": "aws"}}}]
    contexts = [
        {"name": "main", "context": {"cluster": "prod", "user": "deployer"}},
        {"name": "cloud", "context": {"cluster": "prod", "user": "cloud"}},
    ]
    kubeconfig = parse(users=users, contexts=contexts)
    assert [bool(context.refusal) for context in kubeconfig.contexts] == [False, True]
    assert kubeconfig.target("main").token == "s3cr3t"
    with pytest.raises(KubeconfigError, match="exec"):
        kubeconfig.target("cloud")
    with pytest.raises(KubeconfigError, match="no context"):
        kubeconfig.target("nowhere")


def test_secrets_are_in_no_repr() -> None:
    kubeconfig = parse()
    assert "s3cr3t" not in repr(kubeconfig) + repr(kubeconfig.target("main")) + str(kubeconfig)
