"""Valkey with a replica and three sentinels, whose leader is killed."""

import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery
from django.core.cache import caches
from django.test import override_settings
from redis.exceptions import RedisError

from coderadmin import broker
from coderadmin.embedded.valkey import server_binary
from tests.clusters import eventually
from tests.newcomer.programs import free_port

NAME = "leader-of-tests"
PASSWORD = "a server's own"
FAILOVER = 60  # seconds


@dataclass(frozen=True)
class Group:
    url: str
    servers: dict[int, subprocess.Popen[bytes]]

    def kill_the_leader(self) -> None:
        pool = broker.LeaderPool.from_url(self.url, **broker.TIMEOUTS)
        process = self.servers[int(pool.get_master_address()[1])]
        process.send_signal(signal.SIGKILL)
        process.wait()


def start(folder: Path, port: int, lines: list[str], *options: str) -> subprocess.Popen[bytes]:
    home = folder / str(port)
    home.mkdir()
    config = home / "valkey.conf"
    config.write_text("\n".join([f"port {port}", "bind 127.0.0.1", f"dir {home}", f"logfile {home}/log", *lines, ""]))
    return subprocess.Popen([server_binary(), config, *options])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    first, second, *sentinels = (free_port() for _ in range(5))
    secret = [f'requirepass "{PASSWORD}"', f'masterauth "{PASSWORD}"', 'save ""']
    watch = [
        f"sentinel monitor {NAME} 127.0.0.1 {first} 2",
        f'sentinel auth-pass {NAME} "{PASSWORD}"',
        f"sentinel down-after-milliseconds {NAME} 1000",
        f"sentinel failover-timeout {NAME} 5000",
    ]
    with ExitStack() as stack:
        servers = {
            first: start(tmp_path, first, secret),
            second: start(tmp_path, second, [*secret, f"replicaof 127.0.0.1 {first}"]),
        }
        assert eventually(lambda: listens(first) and listens(second))
        watching = [start(tmp_path, port, watch, "--sentinel") for port in sentinels]
        for process in (*servers.values(), *watching):
            stack.callback(process.wait)
            stack.callback(process.kill)
        assert eventually(lambda: all(listens(port) for port in sentinels))
        hosts = ",".join(f"127.0.0.1:{port}" for port in sentinels)
        group = Group(f"sentinel://:{PASSWORD.replace(' ', '%20')}@{hosts}/{NAME}/0", servers)
        assert eventually(lambda: _is_complete(group))
        yield group


def _is_complete(group: Group) -> bool:
    """Whether the sentinels know each other and the replica."""
    try:
        (state,) = broker.LeaderPool.from_url(group.url).sentinel_manager.sentinels[0].sentinel_masters().values()
    except RedisError:
        return False
    return (state["num-slaves"], state["num-other-sentinels"]) == (1, 2)


def kept_in_cache(word: str) -> bool:
    try:
        caches["default"].set("word", word)
        return caches["default"].get("word") == word
    except RedisError:
        return False


def carried_by_celery(app: Celery) -> bool:
    """A message, sent and received."""
    word = uuid.uuid4().hex
    try:
        with app.connection_for_write() as connection:
            queue = connection.SimpleQueue(f"queue-{word}")
            queue.put({"word": word})
            received = queue.get(timeout=5).payload
            queue.close()
    except (RedisError, OSError, *app.connection_for_write().connection_errors):
        return False
    return bool(received == {"word": word})


def test_cache_and_messages_follow_the_leader(group: Group) -> None:
    app = Celery("tests", broker=broker.celery_url(group.url))
    app.conf.broker_transport_options = broker.celery_options(group.url)
    with override_settings(CACHES={"default": broker.cache(group.url)}):
        assert kept_in_cache("before")
        assert carried_by_celery(app)
        group.kill_the_leader()
        assert eventually(lambda: kept_in_cache("after"), FAILOVER)
        assert eventually(lambda: carried_by_celery(app), FAILOVER)
    assert broker.client(group.url).ping()


@pytest.mark.parametrize("url", ["sentinel://host:26379", "sentinel:///name/0", "sentinel://host/name/zero"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        broker.client(url)
