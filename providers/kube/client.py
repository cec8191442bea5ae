"""One connection to one cluster: no global configuration, time-outs on every call, nothing written to disk."""

import json
import os
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration

from providers.kube.connector import AbortingConnector
from providers.kube.errors import AlreadyExists, KubeError, NotFound, NotKubernetes, Reason, Unauthorized, UntrustedTLS
from providers.kube.translate import from_response, translate
from providers.target import ClusterTarget

FIELD_MANAGER = "coderadmin"
CONNECT_TIMEOUT = 5.0  # seconds for DNS, TCP and TLS together
READ_TIMEOUT = 10.0  # seconds without a byte
CALL_TIMEOUT = 30.0  # seconds for one whole call: ends an answer that comes drop by drop
BODY_LIMIT = 16 * 1024 * 1024  # bytes: some thousands of pods; a hostile server gets no further
CONNECTIONS = 4
JSON = "application/json"
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"

Json = dict[str, Any]


class KubeClient:
    """Calls to one cluster in plain JSON. Every method raises `KubeError` and nothing else for cluster trouble."""

    def __init__(self, target: ClusterTarget, api: ApiClient, timeout: aiohttp.ClientTimeout) -> None:
        self.target = target
        self.api = api
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
        method, url, headers, sent, _ = await self.api.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        answer = await self.api.call_api(method, url, headers, sent, _request_timeout=self._timeout)
        response: aiohttp.ClientResponse = answer.response
        async with response:
            return response.status, await self._read(response)

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
    connect_timeout: float = CONNECT_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
    call_timeout: float = CALL_TIMEOUT,
) -> AsyncIterator[KubeClient]:
    """A client for `target`. Nothing is sent before the first call; raises `KubeError` for unusable PEM texts."""
    configuration = _configuration(target)
    async with AbortingConnector(ssl=tls_context(target), limit=CONNECTIONS) as connector:
        # trust_env would send our token through whatever proxy or .netrc the environment names
        configuration.client_session_kwargs = {"connector": connector, "trust_env": False}
        configuration.trace_configs = [_redirect_guard(target)]
        timeout = aiohttp.ClientTimeout(total=call_timeout, connect=connect_timeout, sock_read=read_timeout)
        async with ApiClient(configuration) as api:
            yield KubeClient(target, api, timeout)


def tls_context(target: ClusterTarget) -> ssl.SSLContext:
    """Trusts the target's CA, or the system's; shows the client certificate if there is one."""
    try:
        context = ssl.create_default_context(cadata=target.ca_pem or None)
    except (ssl.SSLError, ValueError) as error:
        raise UntrustedTLS(Reason.TLS_UNTRUSTED, "The stored CA certificate is not readable.") from error
    # Cluster CAs made by older tools lack the key identifiers that Python 3.13 began to demand.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if target.client_certificate_pem:
        try:
            with _memory_file(target.client_certificate_pem + "\n" + target.client_key_pem) as path:
                context.load_cert_chain(path, password="")
        except (ssl.SSLError, ValueError) as error:
            message = "The stored client certificate and key do not fit together."
            raise Unauthorized(Reason.CREDENTIAL_REFUSED, message) from error
    return context


def namespace_path(target: ClusterTarget) -> str:
    return f"/api/v1/namespaces/{quote(target.namespace, safe='')}"


def namespaced(target: ClusterTarget, group_version: str, resource: str, name: str = "") -> str:
    """Path of a collection or object: `namespaced(target, "apps/v1", "deployments", "envproxy")`."""
    root = "/api/v1" if group_version == "v1" else f"/apis/{group_version}"
    path = f"{root}/namespaces/{quote(target.namespace, safe='')}/{resource}"
    return f"{path}/{quote(name, safe='')}" if name else path


def _configuration(target: ClusterTarget) -> Configuration:
    configuration = Configuration(host=target.address)
    configuration.ca_cert_data = target.ca_pem or None
    if target.token:
        configuration.api_key = {"BearerToken": f"Bearer {target.token}"}
    return configuration


def _redirect_guard(target: ClusterTarget) -> aiohttp.TraceConfig:
    """An API server never redirects a call; following one would carry requests to places nobody approved."""
    host = urlsplit(target.address).netloc

    async def refuse(_session: aiohttp.ClientSession, _context: SimpleNamespace, _params: object) -> None:
        raise NotKubernetes(Reason.NOT_KUBERNETES, f"{host} redirects elsewhere: it is no Kubernetes API.")

    guard = aiohttp.TraceConfig()
    guard.on_request_redirect.append(refuse)
    return guard


@contextmanager
def _memory_file(text: str) -> Iterator[str]:
    """A path to `text` in anonymous memory: OpenSSL takes client certificates from a path only."""
    descriptor = os.memfd_create("client-certificate")
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
