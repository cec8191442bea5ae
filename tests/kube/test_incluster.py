from pathlib import Path

import pytest

from providers.kube.incluster import incluster_target

ENVIRONMENT = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def account(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("s3cr3t\n")
    (tmp_path / "ca.crt").write_text("a certificate")
    (tmp_path / "namespace").write_text("coder")
    return tmp_path


def test_it_is_the_service_account_of_the_pod(account: Path) -> None:
    target = incluster_target(ENVIRONMENT, account)
    assert target is not None
    assert (target.address, target.namespace, target.token) == ("https://10.96.0.1:443", "coder", "s3cr3t")
    assert target.ca_pem == "a certificate"


def test_an_ipv6_service_address_is_bracketed(account: Path) -> None:
    target = incluster_target(ENVIRONMENT | {"KUBERNETES_SERVICE_HOST": "fd00::1"}, account)
    assert target is not None
    assert target.address == "https://[fd00::1]:443"


def test_it_is_none_outside_a_cluster(account: Path, tmp_path: Path) -> None:
    assert incluster_target({}, account) is None
    assert incluster_target(ENVIRONMENT, tmp_path / "nothing") is None
