"""Valkey or Redis as REDIS_URL names it: one server, or sentinels that know which server leads at the moment.

`sentinel://user:password@host1:26379,host2:26379/NAME/DATABASE`: user and password are those of the servers; the
sentinels themselves ask for none.
"""

import socket
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.sentinel import Sentinel, SentinelConnectionPool

SENTINEL = "sentinel://"
SENTINEL_PORT = 26379
# Seconds. A server that vanished without a word is noticed within half a minute, also by who only listens.
TIMEOUTS = {"socket_timeout": 10, "socket_connect_timeout": 5}
KEEPALIVE = {
    "socket_keepalive": True,
    "socket_keepalive_options": {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3},
}


@dataclass(frozen=True, kw_only=True)
class Sentinels:
    hosts: tuple[tuple[str, int], ...]
    name: str
    database: int
    username: str | None
    password: str | None

    @classmethod
    def read(cls, url: str) -> Self:
        """Raises ValueError."""
        parts = urlsplit(url)
        credentials, _, hosts = parts.netloc.rpartition("@")
        username, _, password = credentials.partition(":")
        name, _, database = parts.path.strip("/").partition("/")
        if not name:
            raise ValueError("the address of sentinels ends with the name of what they watch, such as /mymaster/0")
        return cls(
            hosts=tuple(_host_and_port(host) for host in hosts.split(",")),
            name=name,
            database=int(database or 0),
            username=unquote(username) or None,
            password=unquote(password) or None,
        )


class LeaderPool(SentinelConnectionPool):
    """Connections to whichever server leads."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        found = Sentinels.read(url)
        watch = Sentinel(found.hosts, sentinel_kwargs=TIMEOUTS)
        secrets = {"username": found.username, "password": found.password}
        return cls(found.name, watch, db=found.database, **secrets, **options)


def client(url: str, **options: Any) -> Redis:
    """Of the server that leads. Raises ValueError for an address that is none."""
    if url.startswith(SENTINEL):
        return Redis(connection_pool=LeaderPool.from_url(url, **options))
    return Redis.from_url(url, **options)


def cache(url: str) -> dict[str, Any]:
    """For CACHES. A list, since Django would part a text at its commas."""
    options = TIMEOUTS | ({"pool_class": LeaderPool} if url.startswith(SENTINEL) else {})
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": [url], "OPTIONS": options}


def celery_url(url: str) -> str:
    if not url.startswith(SENTINEL):
        return url.replace("unix://", "redis+socket://", 1)
    found, credentials = Sentinels.read(url), urlsplit(url).netloc.rpartition("@")[0]
    prefix = SENTINEL + (f"{credentials}@" if credentials else "")
    return ";".join(f"{prefix}{host}:{port}/{found.database}" for host, port in found.hosts)


def celery_options(url: str) -> dict[str, Any]:
    """For CELERY_BROKER_TRANSPORT_OPTIONS."""
    if url.startswith(SENTINEL):
        return TIMEOUTS | KEEPALIVE | {"master_name": Sentinels.read(url).name, "sentinel_kwargs": TIMEOUTS}
    return TIMEOUTS | KEEPALIVE


def _host_and_port(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(f"{text!r} is no host")
    return parts.hostname, parts.port or SENTINEL_PORT
