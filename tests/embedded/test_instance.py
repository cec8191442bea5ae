"""What is checked before anything is started."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from coderadmin.embedded import instance as instances
from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.instance import (
    Instance,
    check_free_disk,
    check_port,
    instance_lock,
    make_data_dir,
    program_environment,
    read_instance,
)


def make_instance(data_dir: Path, port: int = 8000, host: str = "127.0.0.1") -> Instance:
    return Instance(data_dir=data_dir, host=host, port=port, access_url=f"http://localhost:{port}")


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "٣"])
def test_it_refuses_a_port_that_is_none(port: str) -> None:
    with pytest.raises(EmbeddedError, match="CODERADMIN_PORT"):
        read_instance({"CODERADMIN_PORT": port})


def test_it_derives_the_access_url_from_the_port() -> None:
    assert read_instance({"CODERADMIN_PORT": "8123"}).access_url == "http://localhost:8123"


def test_it_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(EmbeddedError, match="is taken by another program"):
            check_port(make_instance(tmp_path, other.getsockname()[1]))


def test_it_says_that_the_host_is_not_of_this_machine(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"CODERADMIN_HOST=192\.0\.2\.1"):
        check_port(make_instance(tmp_path, host="192.0.2.1"))


def test_it_names_the_process_that_uses_the_data_folder(tmp_path: Path) -> None:
    with instance_lock(make_instance(tmp_path)):  # noqa: SIM117 - the second one must fail inside the first
        with pytest.raises(EmbeddedError, match=f"process {os.getpid()}, http://localhost:8000"):
            with instance_lock(make_instance(tmp_path)):
                pass


def test_it_waits_for_the_end_of_a_killed_instance(tmp_path: Path) -> None:
    """A dead process's guard holds the lock for a moment; here a sleeping process plays it."""
    code = (
        "import fcntl, os, sys, time; f = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600); "
        "fcntl.flock(f, fcntl.LOCK_EX); os.write(f, b'999999999 http://localhost:1'); "
        "print(flush=True); time.sleep(0.5)"
    )
    command = [sys.executable, "-c", code, tmp_path / instances.LOCK_NAME]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as guard:
        assert guard.stdout
        guard.stdout.readline()
        with instance_lock(make_instance(tmp_path)):
            assert (tmp_path / instances.LOCK_NAME).read_text() == f"{os.getpid()} http://localhost:8000\n"


def test_it_says_that_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances, "MINIMUM_FREE_MEGABYTES", 10**12)
    with pytest.raises(EmbeddedError, match="The disk is full"):
        check_free_disk(tmp_path)


def test_it_makes_the_same_private_key_only_once(tmp_path: Path) -> None:
    keys = {program_environment(make_instance(tmp_path), {})["SECRET_KEY"] for _ in range(2)}
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_it_makes_a_data_folder_that_others_cannot_list(tmp_path: Path) -> None:
    make_data_dir(tmp_path / "new" / "data")
    assert (tmp_path / "new" / "data").stat().st_mode & 0o066 == 0


def test_it_says_that_a_data_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match="can't be made"):
        make_data_dir(tmp_path / "file" / "data")
