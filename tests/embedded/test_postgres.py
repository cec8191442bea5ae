"""The embedded PostgreSQL: its database, its data, and what may be wrong with them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.postgres import PostgresServer
from coderadmin.embedded.processes import stop_children

SECONDS = 20


@contextmanager
def running(data_dir: Path, *, durable: bool = False) -> Iterator[PostgresServer]:
    server = PostgresServer(data_dir, durable=durable)
    server.create_database()
    server.launch()
    try:
        server.child.wait_until(server.is_ready, SECONDS)
        yield server
    finally:
        stop_children([server.child])


def ask(server: PostgresServer, question: str) -> object:
    with psycopg.connect(server.url) as connection:
        cursor = connection.execute(question)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def with_data_of(data_dir: Path, version: str) -> PostgresServer:
    server = PostgresServer(data_dir)
    cluster = server.home.folder / "data"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text(f"{version}\n")
    return server


def test_it_keeps_its_data_over_a_restart(data_dir: Path) -> None:
    with running(data_dir) as server:
        ask(server, "SELECT 'kept' AS text INTO note")
    with running(data_dir) as server:
        assert ask(server, "SELECT text FROM note") == "kept"


def test_it_works_with_a_locale_that_does_not_exist(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LC_ALL"):
        monkeypatch.setenv(name, "xx_XX.UTF-8")
    with running(data_dir) as server:
        assert ask(server, "SELECT lower('ÉÀ') || ' ' || datcollate FROM pg_database LIMIT 1") == "éà C"


def test_it_listens_on_a_private_socket_only_and_wants_the_password(data_dir: Path) -> None:
    with running(data_dir) as server:
        assert ask(server, "SHOW listen_addresses") == ""
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url, password="wrong")
    assert (data_dir / "postgres-password").stat().st_mode & 0o777 == 0o600


def test_it_recovers_after_a_crash(data_dir: Path) -> None:
    with running(data_dir, durable=True) as server:
        ask(server, "SELECT 'kept' AS text INTO note")
        os.kill(server.child.pid, signal.SIGKILL)
        assert server.child.process
        server.child.process.wait()
    with running(data_dir) as server:
        assert ask(server, "SELECT text FROM note") == "kept"


def test_it_ignores_the_pid_file_of_a_dead_server(data_dir: Path) -> None:
    with running(data_dir) as server:
        cluster = server.home.folder / "data"
    (cluster / "postmaster.pid").write_text(f"{os.getppid()}\n{cluster}\n")
    with running(data_dir) as server:
        assert ask(server, "SELECT 1") == 1


def test_it_ends_a_server_that_outlived_its_supervisor(data_dir: Path) -> None:
    with running(data_dir) as orphan, running(data_dir) as server:
        assert ask(server, "SELECT 1") == 1
        assert not orphan.child.runs()


def test_it_refuses_data_of_another_major_version(data_dir: Path) -> None:
    server = with_data_of(data_dir, "17")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17; this program brings 18"):
        server.create_database()


def test_it_refuses_to_go_on_without_the_password(data_dir: Path) -> None:
    server = with_data_of(data_dir, "18")
    with pytest.raises(EmbeddedError, match="password, is gone"):
        server.create_database()


def test_it_starts_over_after_an_interrupted_first_start(data_dir: Path) -> None:
    unfinished = PostgresServer(data_dir, durable=False).home.folder / "data-unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with running(data_dir) as server:
        assert ask(server, "SELECT current_database()") == "coderadmin"


def test_it_works_with_a_path_too_long_for_a_socket(data_dir: Path) -> None:
    deep = data_dir / ("d" * 100)
    deep.mkdir(mode=0o711)
    with running(deep) as server:
        assert ask(server, "SELECT 1") == 1
        sockets = Path(str(ask(server, "SHOW unix_socket_directories")))
    assert sockets.stat().st_mode & 0o777 == 0o700
    sockets.rmdir()
