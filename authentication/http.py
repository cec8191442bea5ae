"""Requests to the sign-in service: no redirects, no proxies or netrc of the environment, limits of time and size."""

import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from authentication.limits import MOST_BYTES, MOST_SECONDS, SECONDS
from coderadmin import destinations

CHUNK = 64 * 1024


class _GuardedConnection(HTTPConnection):
    def _new_conn(self) -> Any:
        return destinations.connect(self.host, self.port or 80, timeout=SECONDS)


class _GuardedSecureConnection(HTTPSConnection):
    def _new_conn(self) -> Any:
        return destinations.connect(self.host, self.port or 443, timeout=SECONDS)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _GuardedSecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class GuardedSession(requests.Session):
    """Every failure is a `requests.RequestException`."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.mount("http://", _Adapter())
        self.mount("https://", _Adapter())

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        limits = {"timeout": SECONDS, "allow_redirects": False, "stream": True}
        response = super().request(*args, **kwargs | limits)
        with response:
            response._content = _read(response)
        return response


def _read(response: requests.Response) -> bytes:
    """Raises RequestException for an answer that is too long, or does not end."""
    began, read = time.monotonic(), bytearray()
    for chunk in response.iter_content(CHUNK):
        read += chunk
        if len(read) > MOST_BYTES:
            raise requests.exceptions.ContentDecodingError("the answer is too long")
        if time.monotonic() - began > MOST_SECONDS:
            raise requests.Timeout("the answer does not end")
    return bytes(read)
