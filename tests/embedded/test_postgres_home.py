"""Where PostgreSQL's data goes when root starts it in a folder that nobody else can enter."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.postgres_home import MARKER, find_home, packaged_binaries
from coderadmin.embedded.processes import Account
from coderadmin.embedded.sockets import socket_folder

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for PostgreSQL")


@pytest.fixture
def closed_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder below one of mode 0700, as `mktemp -d` makes it; removes what was put elsewhere."""
    tmp_path.chmod(0o700)
    folder = tmp_path / "data"
    folder.mkdir(mode=0o711)
    yield folder
    if (folder / MARKER).exists():
        shutil.rmtree((folder / MARKER).read_text().strip(), ignore_errors=True)


@needs_root
def test_it_goes_elsewhere_and_touches_no_parent(closed_dir: Path) -> None:
    home = find_home(closed_dir)
    assert home.is_elsewhere
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert home.account == Account(home.folder.stat().st_uid, home.folder.stat().st_gid)
    assert home.account.uid != 0
    assert stat.S_IMODE(closed_dir.parent.stat().st_mode) == 0o700
    assert not (closed_dir / "postgres").exists()


@needs_root
def test_it_finds_the_same_folder_again(closed_dir: Path) -> None:
    assert find_home(closed_dir).folder == find_home(closed_dir).folder


@needs_root
def test_it_does_not_start_afresh_when_the_folder_is_gone(closed_dir: Path) -> None:
    shutil.rmtree(find_home(closed_dir).folder)
    with pytest.raises(EmbeddedError, match="which is gone"):
        find_home(closed_dir)


@needs_root
def test_it_leaves_the_database_of_a_deleted_data_folder_alone(closed_dir: Path) -> None:
    first = find_home(closed_dir).folder
    (closed_dir / MARKER).unlink()
    assert find_home(closed_dir).folder == first.with_name(f"{first.name}-2")
    shutil.rmtree(first)


@needs_root
def test_it_copies_binaries_that_the_user_cannot_reach(
    data_dir: Path, closed_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = packaged_binaries().parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, closed_dir / folder.name)
    monkeypatch.syspath_prepend(closed_dir)
    home = find_home(data_dir)
    assert not home.is_elsewhere
    assert home.binaries.is_relative_to(home.folder)
    assert home.binaries == find_home(data_dir).binaries


def test_it_stays_inside_a_data_folder_that_can_be_entered(data_dir: Path) -> None:
    home = find_home(data_dir)
    assert not home.is_elsewhere
    assert home.folder == data_dir / "postgres"


def test_it_refuses_a_socket_folder_that_others_may_enter(data_dir: Path) -> None:
    (data_dir / "run").mkdir(mode=0o755)
    with pytest.raises(EmbeddedError, match="should be a private folder"):
        socket_folder(data_dir / "run", "x.sock")
