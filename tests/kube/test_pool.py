"""Connections that are kept from one check to the next."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from providers.kube import pool as pools
from providers.kube.evidence import Evidence
from providers.kube.pool import Pool
from providers.kube.probe import Questions, collect
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.servers import VERSION, ApiServer, serving

GOOD = {"/version": VERSION, "/api/v1/namespaces/coder": (200, {"status": {"phase": "Active"}})}
QUESTIONS = Questions(expects_release=False)

Look = Callable[..., Awaitable[Evidence]]


def with_pool(authority: Authority, context: ssl.SSLContext, scenario: Callable[[Look], Awaitable[None]]) -> ApiServer:
    """Runs it with what looks at a cluster through one pool; gives the server of that cluster."""
    server = ApiServer(GOOD)

    async def run() -> None:
        pool = Pool()
        async with serving(server, context) as address:
            target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem)

            async def look(questions: Questions = QUESTIONS, **fields: str) -> Evidence:
                return await collect(replace(target, **fields), questions, timeout=5, pool=pool)

            await scenario(look)
            await pool.close()

    asyncio.run(run())
    return server


def test_one_connection_serves_check_after_check_each_with_its_own_token(
    authority: Authority, context: ssl.SSLContext
) -> None:
    async def scenario(look: Look) -> None:
        for token in ("one", "two"):
            assert (await look(token=token)).reason == ""

    server = with_pool(authority, context, scenario)
    assert server.connections == 1
    assert [each.headers["authorization"] for each in server.requests] == ["Bearer one"] * 2 + ["Bearer two"] * 2


def test_a_thorough_check_makes_a_connection_of_its_own(authority: Authority, context: ssl.SSLContext) -> None:
    async def scenario(look: Look) -> None:
        await look()
        await look(replace(QUESTIONS, is_thorough=True))
        await look()

    assert with_pool(authority, context, scenario).connections == 2


def test_nobody_with_another_ca_or_client_certificate_uses_the_connection(
    authority: Authority, context: ssl.SSLContext
) -> None:
    certificate, key = authority.issue("deployer")

    async def scenario(look: Look) -> None:
        assert (await look()).reason == ""
        assert (await look(ca_pem=Authority("stranger").pem)).reason == "tls_untrusted"
        assert (await look(client_certificate_pem=certificate, client_key_pem=key)).reason == ""

    assert with_pool(authority, context, scenario).connections >= 2


def test_what_is_kept_is_bounded_and_a_check_beyond_it_still_takes_one_connection(
    authority: Authority, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "MOST_KEPT", 0)

    async def scenario(look: Look) -> None:
        for _ in range(3):
            assert (await look()).reason == ""

    server = with_pool(authority, context, scenario)
    assert (server.connections, len(server.requests)) == (3, 6)


def test_a_server_that_hung_up_between_two_checks_is_well(authority: Authority, context: ssl.SSLContext) -> None:
    """As every one does that restarts, and every one after its idle time."""

    async def run() -> list[str]:
        pool, found, leave = Pool(), [], asyncio.Event()
        server = ApiServer(GOOD)

        async def until_told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            answering = asyncio.create_task(server(reader, writer))
            await leave.wait()
            answering.cancel()
            leave.clear()

        async with serving(until_told, context) as address:
            target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem)
            for _ in range(3):
                found.append((await collect(target, QUESTIONS, timeout=5, pool=pool)).reason)
                leave.set()
            await pool.close()
        assert server.connections == 3
        return found

    assert asyncio.run(run()) == ["", "", ""]
