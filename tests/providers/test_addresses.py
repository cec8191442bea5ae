"""Hostnames and cluster addresses as people type them."""

import pytest
from django.core.exceptions import ValidationError

from providers.addresses import (
    default_devurl_host,
    is_same_origin,
    normalise_cluster_address,
    normalise_hostname,
    validate_devurl_host,
    validate_name,
)

DEPLOYMENT = "https://coder.example.com"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("sydney.coder.example.com", "https://sydney.coder.example.com"),
        ("https://sydney.coder.example.com/", "https://sydney.coder.example.com"),
        ("https://sydney.coder.example.com/proxy", "https://sydney.coder.example.com"),
        ("https://sydney.coder.example.com/proxy/", "https://sydney.coder.example.com"),
        ("HTTPS://Sydney.Coder.Example.com", "https://sydney.coder.example.com"),
        ("https://sydney.coder.example.com:443", "https://sydney.coder.example.com"),
        ("https://sydney.coder.example.com:8443/proxy", "https://sydney.coder.example.com:8443"),
        ("  a.b.coder.example.com  ", "https://a.b.coder.example.com"),
    ],
)
def test_a_hostname_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert normalise_hostname(typed, access_url=DEPLOYMENT) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("https://sydney.coder.example.com/proxy/proxy", "path"),
        ("https://sydney.coder.example.com/other", "path"),
        ("http://sydney.coder.example.com", "scheme"),
        ("https://coder.example.com", "subdomain"),
        ("https://evilcoder.example.com", "subdomain"),
        ("https://sydney.coder.example.com.evil.org", "subdomain"),
        ("https://user@sydney.coder.example.com", "userinfo"),
        ("https://evil.org\\@sydney.coder.example.com", "userinfo"),
        ("https://sydney.coder.example.com?x=1", "query"),
        ("https://sydney.coder.example.com:0", "address"),
        ("https://sydney.coder.example.com:x", "address"),
        ("https://syd ney.coder.example.com", "address"),
        ("https://203.0.113.7", "subdomain"),
        ("https://*.coder.example.com", "address"),
        ("", "address"),
    ],
)
def test_a_hostname_that_can_not_work_is_refused(typed: str, code: str) -> None:
    with pytest.raises(ValidationError) as error:
        normalise_hostname(typed, access_url=DEPLOYMENT)
    assert error.value.code == code


def test_the_scheme_is_the_one_of_the_deployment() -> None:
    assert normalise_hostname("a.localhost:8000", access_url="http://localhost:8000") == "http://a.localhost:8000"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("203.0.113.7:6443", "https://203.0.113.7:6443"),
        ("https://API.example.com:6443/", "https://api.example.com:6443"),
        ("https://rancher.example.com/k8s/clusters/c-1/", "https://rancher.example.com/k8s/clusters/c-1"),
        ("https://[2001:DB8::1]:6443", "https://[2001:db8::1]:6443"),
        ("https://api.example.com/proxy", "https://api.example.com/proxy"),
    ],
)
def test_a_cluster_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert normalise_cluster_address(typed) == kept
    assert normalise_cluster_address(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://203.0.113.7",
        "ftp://203.0.113.7",
        "10.0.0.0/16",
        "https://10.0.0.0/8",
        "https://[2001:db8::]/32",
        "fd00::/64",
        "https://token@203.0.113.7",
        "https://203.0.113.7?a=b",
        "https://203.0.113.7#a",
        "https://203.0.113.7:65536",
        "https://203.0.113.7:0",
        "https://999.0.113.7",
        "https://api.example.com/../secrets",
        "https://a b.example.com",
        "https://api.example.com\nHost: evil",
        "https://",
        "/etc/kubernetes",
    ],
)
def test_a_cluster_address_that_can_not_work_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        normalise_cluster_address(typed)


def test_the_default_devurl_host_has_no_port() -> None:
    assert default_devurl_host("https://sydney.coder.example.com:8443") == "*.sydney.coder.example.com"


@pytest.mark.parametrize(
    "typed", ["sydney.example.com", "*.", "*", "*.*.example.com", "*.syd_ney.com", "https://*.a.com"]
)
def test_a_devurl_host_is_a_wildcard(typed: str) -> None:
    with pytest.raises(ValidationError):
        validate_devurl_host(typed)


@pytest.mark.parametrize("typed", ["", "-a", "a-", "A", "a.b", "a_b", "a b", "a\n", "x" * 64, "ä"])
def test_a_name_is_a_dns_label(typed: str) -> None:
    with pytest.raises(ValidationError):
        validate_name(typed)


@pytest.mark.parametrize("typed", ["a", "0", "us-central-gpus", "x" * 63])
def test_a_dns_label_is_a_name(typed: str) -> None:
    validate_name(typed)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://coder.example.com", "HTTPS://Coder.Example.com:443/", True),
        ("http://coder.example.com:80", "http://coder.example.com", True),
        ("https://coder.example.com", "http://coder.example.com", False),
        ("https://coder.example.com", "https://coder.example.com:8443", False),
        ("https://coder.example.com", "no address", False),
    ],
)
def test_an_origin_is_the_same_however_it_is_written(one: str, other: str, same: bool) -> None:
    assert is_same_origin(one, other) is same
