"""The few calls to a Kubernetes API server that a node needs. Light: the official client would take 60 MB."""

import base64
import binascii
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml

from coderadmin.embedded.errors import EmbeddedError

Object = dict[str, Any]
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
MANAGER = "coderadmin-node"
CALL = aiohttp.ClientTimeout(total=10)
KEPT_SECONDS = 60.0  # more than from one beat of the node to the next: a new connection costs a TLS handshake
WATCH_SECONDS = 300
WATCH = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=WATCH_SECONDS + 30)
LINE_BYTES = 2**21  # an object of a cluster has at most 1.5 MB


class ApiError(Exception):
    """The API server refused, or could not be reached (status 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Kubeconfig:
    """Where a cluster's API server is, and the token to come with."""

    name: str
    server: str
    ca_pem: str
    token: str = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> "Kubeconfig":
        """Raises EmbeddedError unless the current context has inline data and a token."""
        try:
            document = yaml.safe_load(path.read_text())
            name = document["current-context"]
            context = _named(document["contexts"], name)["context"]
            cluster = _named(document["clusters"], context["cluster"])["cluster"]
            user = _named(document["users"], context["user"])["user"]
            ca_pem = base64.b64decode(cluster["certificate-authority-data"]).decode()
            return cls(name=name, server=cluster["server"].rstrip("/"), ca_pem=ca_pem, token=user["token"])
        except (OSError, yaml.YAMLError, KeyError, TypeError, StopIteration, binascii.Error, UnicodeError) as error:
            raise EmbeddedError(f"{path} is no kubeconfig with inline data and a token: {error!r}.") from error


class Api:
    """One API server, for use as an async context manager. Every method may raise ApiError."""

    def __init__(self, kubeconfig: Kubeconfig) -> None:
        self.kubeconfig = kubeconfig

    async def __aenter__(self) -> Self:
        tls = ssl.create_default_context(cadata=self.kubeconfig.ca_pem)
        headers = {"Authorization": f"Bearer {self.kubeconfig.token}"}
        connector = aiohttp.TCPConnector(ssl=tls, keepalive_timeout=KEPT_SECONDS)
        self._session = aiohttp.ClientSession(connector=connector, headers=headers, read_bufsize=LINE_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str) -> Object:
        return await self._call("GET", path, query)

    async def create(self, path: str, body: Object) -> Object:
        return await self._call("POST", path, {}, body, "application/json")

    async def apply(self, path: str, body: Object) -> Object:
        return await self._call("PATCH", path, {"fieldManager": MANAGER, "force": "true"}, body, APPLY_PATCH)

    async def patch(self, path: str, body: Object) -> Object:
        return await self._call("PATCH", path, {"fieldManager": MANAGER}, body, MERGE_PATCH)

    async def delete(self, path: str, *, uid: str = "", grace_seconds: int | None = None) -> None:
        """Success also when it is gone, or when another object has taken its name."""
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
        options |= {"preconditions": {"uid": uid}} if uid else {}
        options |= {"gracePeriodSeconds": grace_seconds} if grace_seconds is not None else {}
        try:
            await self._call("DELETE", path, {}, options, "application/json")
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    async def watch(self, path: str, **query: str) -> AsyncIterator[Object]:
        """Events as they come, until the API server ends the answer."""
        wanted = query | {"watch": "1", "timeoutSeconds": str(WATCH_SECONDS)}
        try:
            async with self._session.get(self.kubeconfig.server + path, params=wanted, timeout=WATCH) as answer:
                if answer.status != 200:
                    raise ApiError(answer.status, await _message(answer))
                async for line in answer.content:
                    yield json.loads(line)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ApiError(0, f"the watch of {path} broke: {_why(error)}") from error

    async def _call(
        self, method: str, path: str, query: Mapping[str, str], body: Object | None = None, content_type: str = ""
    ) -> Object:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type} if content_type else {}
        url = self.kubeconfig.server + path
        try:
            async with self._session.request(
                method, url, params=query, data=data, headers=headers, timeout=CALL
            ) as answer:
                if answer.status >= 300:
                    raise ApiError(answer.status, await _message(answer))
                found: Object = await answer.json()
                return found
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ApiError(0, f"{method} {path}: {_why(error)}") from error


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _named(entries: list[Object], name: str) -> Object:
    return next(entry for entry in entries if entry["name"] == name)


async def _message(answer: aiohttp.ClientResponse) -> str:
    text = (await answer.content.read(2_000)).decode(errors="replace")
    return f"{answer.method} {answer.url.path}: {answer.status} {text}"
