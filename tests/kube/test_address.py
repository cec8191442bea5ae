import pytest

from providers.kube.address import AddressError, is_namespace, normalise_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://API.Example.com:6443", "https://api.example.com:6443"),
        ("  https://api.example.com/ ", "https://api.example.com"),
        ("HTTPS://api.example.com", "https://api.example.com"),
        ("https://10.0.0.1:443", "https://10.0.0.1"),
        ("https://api.example.com.:443/", "https://api.example.com"),
        ("https://[2001:DB8:0:0::1]:6443/", "https://[2001:db8::1]:6443"),
        ("https://rancher.example.com/k8s/clusters/c-m-1/", "https://rancher.example.com/k8s/clusters/c-m-1"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_it_makes_one_form_of_the_same_place(text: str, expected: str) -> None:
    assert normalise_address(text) == expected
    assert normalise_address(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.example.com:6443",
        "http://api.example.com",
        "ftp://api.example.com",
        "https://",
        "https://:6443",
        "https://user@api.example.com",
        "https://user:password@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com#x",
        "https://api.example.com:0",
        "https://api.example.com:65536",
        "https://api.example.com:abc",
        "https://api example.com",
        "https://api.example.com/a/../b",
        "https://api.example.com\\@evil.example",
        "https://api.example.com/\r\nHost: x",
        "https://999.0.0.1",
        "https://0.0.0.0",
        "https://169.254.169.254",
        "https://[fe80::1]:6443",
        "https://[::ffff:169.254.169.254]",
        "https://10.0.0.0/8:6443/..",
        "https://[::1",
        "https://-bad-.example",
        "https://" + "a" * 64 + ".example",
        "https://a.example/" + "x" * 600,
    ],
)
def test_it_refuses(text: str) -> None:
    with pytest.raises(AddressError):
        normalise_address(text)


def test_a_refusal_does_not_repeat_a_password() -> None:
    with pytest.raises(AddressError) as caught:
        normalise_address("https://user:hunter2@api.example.com")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("name", "valid"), [("coder", True), ("a" * 63, True), ("a" * 64, False), ("Coder", False)])
def test_it_knows_names_of_namespaces(name: str, valid: bool) -> None:
    assert is_namespace(name) is valid


@pytest.mark.parametrize("name", ["", "-a", "a-", "a.b", "a_b", "a\n"])
def test_it_refuses_names_that_kubernetes_refuses(name: str) -> None:
    assert not is_namespace(name)
