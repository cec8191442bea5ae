"""The embedded Valkey, as redis-py and Celery use it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from celery import Celery

from coderadmin.embedded.processes import stop_children
from coderadmin.embedded.valkey import ValkeyServer

SECONDS = 10


@contextmanager
def running(data_dir: Path) -> Iterator[ValkeyServer]:
    server = ValkeyServer(data_dir)
    server.launch()
    try:
        server.child.wait_until(server.is_ready, SECONDS)
        yield server
    finally:
        stop_children([server.child])


def test_it_keeps_its_data_over_a_restart(data_dir: Path) -> None:
    with running(data_dir) as server, redis.Redis.from_url(server.url) as client:
        client.set("note", "kept")
    with running(data_dir) as server, redis.Redis.from_url(server.url) as client:
        assert client.get("note") == b"kept"


def test_it_starts_again_after_a_crash(data_dir: Path) -> None:
    with running(data_dir) as server:
        os.kill(server.child.pid, signal.SIGKILL)
        assert server.child.process
        server.child.process.wait()
        server.launch()
        server.child.wait_until(server.is_ready, SECONDS)


def test_it_never_drops_messages_for_want_of_memory(data_dir: Path) -> None:
    with running(data_dir) as server, redis.Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_it_carries_celery_messages(data_dir: Path) -> None:
    with running(data_dir) as server, redis.Redis.from_url(server.url) as client:
        app = Celery(broker=server.url.replace("unix://", "redis+socket://", 1))
        app.send_task("example.task")
        app.close()
        assert client.llen("celery") == 1


@pytest.mark.parametrize("path", ["socket", "valkey.conf"])
def test_it_is_private(data_dir: Path, path: str) -> None:
    with running(data_dir) as server:
        files = {"socket": Path(server.url.removeprefix("unix://")), "valkey.conf": data_dir / "valkey" / "valkey.conf"}
        assert files[path].stat().st_mode & 0o077 == 0
