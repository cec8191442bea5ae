"""Which port the ingress gets."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.ingress_port import choose_ingress_port, read_ingress_port
from coderadmin.embedded.instance import Instance


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def make_instance(data_dir: Path, port: int = 18_000) -> Instance:
    return Instance(data_dir=data_dir, host="127.0.0.1", port=port, access_url=f"http://localhost:{port}")


def test_it_is_remembered_when_the_pages_move(tmp_path: Path) -> None:
    first = choose_ingress_port(make_instance(tmp_path), "")
    assert read_ingress_port(tmp_path) == first
    assert choose_ingress_port(make_instance(tmp_path, port=19_000), "") == first


def test_a_taken_one_is_not_chosen(tmp_path: Path, taken_port: int) -> None:
    assert choose_ingress_port(make_instance(tmp_path, port=taken_port - 100), "") != taken_port


def test_it_can_be_preset(tmp_path: Path) -> None:
    choose_ingress_port(make_instance(tmp_path), "")
    assert choose_ingress_port(make_instance(tmp_path), "18555") == 18_555
    assert read_ingress_port(tmp_path) == 18_555


def test_a_remembered_one_that_is_taken_is_refused_with_the_next_step(tmp_path: Path, taken_port: int) -> None:
    (tmp_path / "ingress-port").write_text(f"{taken_port}\n")
    with pytest.raises(EmbeddedError, match=f"Port {taken_port} of the ingress is taken.*CODERADMIN_INGRESS_PORT"):
        choose_ingress_port(make_instance(tmp_path), "")


def test_it_is_not_that_of_the_pages(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="is taken"):
        choose_ingress_port(make_instance(tmp_path), "18000")


@pytest.mark.parametrize("text", ["0", "70000", "http"])
def test_it_refuses_what_is_no_port(tmp_path: Path, text: str) -> None:
    with pytest.raises(EmbeddedError, match="CODERADMIN_INGRESS_PORT is"):
        choose_ingress_port(make_instance(tmp_path), text)


def test_a_data_folder_of_before_has_none(tmp_path: Path) -> None:
    assert read_ingress_port(tmp_path) is None
