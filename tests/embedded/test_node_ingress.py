"""The node's ingress in front of real HTTP servers: who gets a request, and that bytes pass as they come."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from coderadmin.embedded.node.demo import demo_environments
from coderadmin.embedded.node.ingress import Ingress

LABELS = {"app.kubernetes.io/name": "envproxy"}
UPLOAD_MEGABYTES = 32


def pod(port: int, *, namespace: str = "coder", takes_connections: bool = True) -> SimpleNamespace:
    metadata = {"namespace": namespace, "labels": LABELS}
    return SimpleNamespace(port=port, takes_connections=takes_connections, pod={"metadata": metadata})


def cluster(*pods: SimpleNamespace, host: str = "sydney.localhost", path: str = "/proxy/") -> SimpleNamespace:
    """With one Ingress rule for the pods."""
    metadata = {"namespace": "coder", "name": "envproxy"}
    backend = {"service": {"name": "envproxy", "port": {"name": "http"}}}
    rule = {"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}
    return SimpleNamespace(
        ingresses=[{"metadata": metadata, "spec": {"rules": [rule]}}],
        services=[{"metadata": metadata, "spec": {"selector": LABELS}}],
        processes=dict(enumerate(pods)),
    )


@asynccontextmanager
async def upstream(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[int]:
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", answer)
    async with serving(app) as port:
        yield port


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[int]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def asking(*clusters: Any) -> AsyncIterator[Callable[..., Any]]:
    """A client of an ingress for these clusters: `ask(host, path, method="GET", **arguments of aiohttp)`."""
    server = await Ingress(clusters).serve("127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with AsyncExitStack() as stack:
        stack.callback(server.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())

        def ask(host: str, path: str, method: str = "GET", **arguments: Any) -> Any:
            headers = {"Host": host} | arguments.pop("headers", {})
            url = f"http://127.0.0.1:{port}{path}"
            if method == "WEBSOCKET":
                return session.ws_connect(url, headers=headers, **arguments)
            return session.request(method, url, headers=headers, **arguments)

        yield ask


def saying(text: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=text)

    return answer


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("sydney.localhost:8100", "/proxy/healthz", "sydney"),
        ("SYDNEY.localhost", "/proxy", "sydney"),
        ("sydney.localhost", "/proxy?path=/", "sydney"),
        ("app.sydney.localhost", "/anything", "devurls"),
        ("sydney.localhost", "/proxyother", 404),
        ("sydney.localhost", "/", 404),
        ("europe.localhost", "/proxy/", 404),
        ("a.b.sydney.localhost", "/", 404),
    ],
)
def test_host_and_path_choose_the_provider(host: str, path: str, expected: str | int) -> None:
    async def run() -> None:
        async with upstream(saying("sydney")) as one, upstream(saying("devurls")) as two:
            wildcard = cluster(pod(two), host="*.sydney.localhost", path="/")
            async with asking(wildcard, cluster(pod(one))) as ask, ask(host, path) as answer:
                assert expected == (await answer.text() if answer.status == 200 else answer.status)

    asyncio.run(run())


def test_only_pods_that_take_connections_get_them() -> None:
    async def run() -> None:
        async with upstream(saying("ready")) as ready, upstream(saying("ends")) as ends:
            gone = pod(1)  # is ready as far as we know, but nobody listens
            pods = [pod(ends, takes_connections=False), pod(ends, namespace="other"), gone, pod(ready)]
            async with asking(cluster(*pods)) as ask:
                for _ in range(20):
                    async with ask("sydney.localhost", "/proxy/") as answer:
                        assert await answer.text() == "ready"

    asyncio.run(run())


def test_without_a_pod_it_says_what_to_do() -> None:
    async def run() -> None:
        async with (
            asking(cluster(pod(1, takes_connections=False))) as ask,
            ask("sydney.localhost", "/proxy/") as answer,
        ):
            assert answer.status == 503
            assert "Try again" in await answer.text()

    asyncio.run(run())


def test_an_upload_reaches_the_pod_while_it_is_sent() -> None:
    async def run() -> None:
        first_half_arrived = asyncio.Event()

        async def count(request: web.Request) -> web.Response:
            total = 0
            async for chunk in request.content.iter_any():
                total += len(chunk)
                if total >= UPLOAD_MEGABYTES // 2 * 2**20:
                    first_half_arrived.set()
            return web.Response(text=str(total))

        async def body() -> AsyncIterator[bytes]:
            for number in range(UPLOAD_MEGABYTES):
                if number == UPLOAD_MEGABYTES // 2 + 1:
                    await asyncio.wait_for(first_half_arrived.wait(), 10)
                yield bytes(2**20)

        async with (
            upstream(count) as port,
            asking(cluster(pod(port))) as ask,
            ask("sydney.localhost", "/proxy/", "POST", data=body()) as answer,
        ):
            assert await answer.text() == str(UPLOAD_MEGABYTES * 2**20)

    asyncio.run(run())


def test_a_stream_reaches_the_client_while_it_is_made() -> None:
    async def run() -> None:
        seen = asyncio.Event()

        async def stream(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"first\n")
            await asyncio.wait_for(seen.wait(), 10)
            await response.write(b"second\n")
            return response

        async with (
            upstream(stream) as port,
            asking(cluster(pod(port))) as ask,
            ask("sydney.localhost", "/proxy/") as answer,
        ):
            assert await answer.content.readline() == b"first\n"
            seen.set()
            assert await answer.content.readline() == b"second\n"

    asyncio.run(run())


def test_each_request_of_a_client_that_keeps_its_connection_is_routed_anew() -> None:
    async def run() -> None:
        async with upstream(saying("old")) as old, upstream(saying("new")) as new:
            pods = [pod(old), pod(new, takes_connections=False)]
            async with asking(cluster(*pods)) as ask:
                for expected in ("old", "new"):
                    pods[0].takes_connections, pods[1].takes_connections = expected == "old", expected == "new"
                    headers = {"Connection": "keep-alive"}
                    async with ask("sydney.localhost", "/proxy/", headers=headers) as answer:
                        assert await answer.text() == expected

    asyncio.run(run())


def test_a_demo_environment_says_which_one_it_is_and_echoes_by_websocket() -> None:
    async def run() -> None:
        async with serving(demo_environments()) as port:
            place = cluster(pod(port), host="engine.coder.svc.cluster.local", path="/")
            async with asking(place) as ask:
                async with ask("engine.coder.svc.cluster.local:3000", "/<b>/") as answer:
                    page = await answer.text()
                    assert "<h1>engine</h1>" in page and "<b>" not in page
                async with ask("engine.coder.svc.cluster.local:3000", "/echo", "WEBSOCKET") as socket:
                    await socket.send_str("hello")
                    assert await socket.receive_str() == "hello"
                    await socket.send_bytes(b"\0\1")
                    assert await socket.receive_bytes() == b"\0\1"

    asyncio.run(run())


@pytest.mark.parametrize("head", [b"\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"x" * 70_000])
def test_what_is_no_request_is_refused(head: bytes) -> None:
    async def run() -> None:
        server = await Ingress([]).serve("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        writer.write(head)
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        server.close()

    asyncio.run(run())
