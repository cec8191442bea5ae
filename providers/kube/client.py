"""One connection to one cluster: no global configuration, time-outs on every call, nothing written to disk."""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
from yarl import URL

from providers.kube.connector import AbortingConnector, session_over
from providers.kube.document import Json
from providers.kube.errors import AlreadyExists, KubeError, NotFound, NotKubernetes, Reason
from providers.kube.labels import FIELD_MANAGER
from providers.kube.pool import Pool
from providers.kube.tls import tls_context
from providers.kube.translate import from_response, translate
from providers.target import ClusterTarget

CONNECT_TIMEOUT = 5.0  # seconds for DNS, TCP and TLS together
READ_TIMEOUT = 10.0  # seconds without a byte
CALL_TIMEOUT = 30.0  # seconds for one whole call: ends an answer that comes drop by drop
BODY_LIMIT = 16 * 1024 * 1024  # bytes: some thousands of pods; a hostile server gets no further
CONNECTIONS = 4
JSON = "application/json"
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"


class KubeClient:
    """Calls to one cluster in plain JSON. Every method raises `KubeError` and nothing else for cluster trouble."""

    def __init__(
        self,
        target: ClusterTarget,
        session: aiohttp.ClientSession,
        context: ssl.SSLContext,
        timeout: aiohttp.ClientTimeout,
    ) -> None:
        self.target = target
        self._session = session
        self._context = context
        self._timeout = timeout

    async def get(self, path: str, *, query: Mapping[str, str] | None = None, accept: str = JSON) -> Json:
        return await self.request("GET", path, query=query, accept=accept)

    async def get_or_none(self, path: str) -> Json | None:
        """The object, or None when it is not there."""
        try:
            return await self.get(path)
        except NotFound:
            return None

    async def look(self, path: str) -> tuple[int, str]:
        """Status and text of an answer that need not be JSON, such as that of /readyz."""
        status, data = await self._answer("GET", path, None, None, {"Accept": "*/*"})
        return status, data.decode(errors="replace")

    async def create(self, path: str, body: Json) -> Json | None:
        """The new object, or None when one of that name is there already."""
        try:
            return await self.request("POST", path, query={"fieldManager": FIELD_MANAGER}, body=body)
        except AlreadyExists:
            return None

    async def ask(self, path: str, body: Json) -> Json:
        """POST of a review, which stores nothing."""
        return await self.request("POST", path, body=body)

    async def apply(self, path: str, body: Json, *, force: bool = False) -> Json:
        """Server-side apply of one object; `force` takes fields over from other managers."""
        query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower()}
        return await self.request("PATCH", path, query=query, body=body, content_type="application/apply-patch+yaml")

    async def scale(self, path: str, replicas: int) -> bool:
        """Whether there was a workload to scale."""
        try:
            await self.request(
                "PATCH",
                f"{path}/scale",
                query={"fieldManager": FIELD_MANAGER},
                body={"spec": {"replicas": replicas}},
                content_type="application/merge-patch+json",
            )
        except NotFound:
            return False
        return True

    async def delete(self, path: str, *, propagation: str = "Background") -> bool:
        """Whether there was something to delete."""
        try:
            await self.request("DELETE", path, body={"propagationPolicy": propagation})
        except NotFound:
            return False
        return True

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        accept: str = JSON,
        content_type: str = JSON,
    ) -> Json:
        """One call, its answer read as a JSON object. `path` begins with a slash and is already quoted."""
        headers = {"Accept": accept, "Content-Type": content_type}
        status, data = await self._answer(method, path, query, body, headers)
        if not 200 <= status < 300:
            raise from_response(status, data, self.target)
        return self._parse(data)

    async def _answer(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Json | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        try:
            return await self._send(method, path, query, body, headers)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise translate(error, self.target) from error

    async def _send(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Json | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if self.target.token:
            headers["Authorization"] = f"Bearer {self.target.token}"
        async with self._session.request(
            method,
            _url(self.target.address, path, query),
            headers=headers,
            data=None if body is None else json.dumps(body),
            ssl=self._context,
            timeout=self._timeout,
            allow_redirects=False,
        ) as response:
            if 300 <= response.status < 400:
                self._refuse_redirect()
            return response.status, await self._read(response)

    def _refuse_redirect(self) -> None:
        """An API server never redirects a call; following one would carry requests to places nobody approved."""
        host = urlsplit(self.target.address).netloc
        raise NotKubernetes(Reason.NOT_KUBERNETES, f"{host} redirects elsewhere: it is no Kubernetes API.")

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        data = bytearray()
        async for chunk in response.content.iter_any():
            data += chunk
            if len(data) > BODY_LIMIT:
                raise KubeError(Reason.UNEXPECTED, f"The answer is larger than {BODY_LIMIT // 1024**2} MiB.")
        return bytes(data)

    def _parse(self, data: bytes) -> Json:
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            host = urlsplit(self.target.address).netloc
            raise NotKubernetes(Reason.NOT_KUBERNETES, f"{host} answers, but not as a Kubernetes API.")
        return answer


@asynccontextmanager
async def connect(
    target: ClusterTarget,
    *,
    pool: Pool | None = None,
    is_new: bool = False,
    connect_timeout: float = CONNECT_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
    call_timeout: float = CALL_TIMEOUT,
) -> AsyncIterator[KubeClient]:
    """A client for `target`, over connections of its own unless there is a `pool` of them. `is_new`: even then.

    Nothing is sent before the first call. Raises `KubeError` for unusable PEM texts.
    """
    timeout = aiohttp.ClientTimeout(total=call_timeout, connect=connect_timeout, sock_read=read_timeout)
    context = pool.context(target) if pool else tls_context(target)
    if pool and not is_new:
        yield KubeClient(target, pool.session, context, timeout)
        pool.trim()
    else:
        async with AbortingConnector(limit=CONNECTIONS) as connector, session_over(connector) as session:
            yield KubeClient(target, session, context, timeout)


def namespace_path(target: ClusterTarget) -> str:
    return f"/api/v1/namespaces/{quote(target.namespace, safe='')}"


def namespaced(target: ClusterTarget, group_version: str, resource: str, name: str = "") -> str:
    """Path of a collection or object: `namespaced(target, "apps/v1", "deployments", "envproxy")`."""
    root = "/api/v1" if group_version == "v1" else f"/apis/{group_version}"
    path = f"{root}/namespaces/{quote(target.namespace, safe='')}/{resource}"
    return f"{path}/{quote(name, safe='')}" if name else path


def _url(address: str, path: str, query: Mapping[str, str] | None) -> URL:
    found = f"?{urlencode(query, quote_via=quote)}" if query else ""
    return URL(address + path + found, encoded=True)
