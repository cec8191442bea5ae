import asyncio
import socket
import ssl
from contextlib import aclosing
from datetime import UTC, datetime
from itertools import chain

import pytest

from providers.kube.blocking import collect_many_now
from providers.kube.evidence import Evidence
from providers.kube.probe import CheckRequest, collect_many
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.servers import VERSION, ApiServer, serving

GOOD = {"/version": VERSION, "/api/v1/namespaces/coder": (200, {"status": {"phase": "Active"}})}


def request(key: int, address: str, ca_pem: str = "") -> CheckRequest:
    target = ClusterTarget(address=address, namespace="coder", ca_pem=ca_pem)
    return CheckRequest(key=key, target=target, expects_release=False)


def test_dead_clusters_delay_no_live_one(authority: Authority, context: ssl.SSLContext) -> None:
    async def scenario() -> list[tuple[object, Evidence]]:
        with socket.create_server(("127.0.0.1", 0)) as dead:
            dead_address = f"https://127.0.0.1:{dead.getsockname()[1]}"
            async with serving(ApiServer(GOOD), context) as address:
                requests = [request(number, dead_address) for number in range(5)]
                requests += [request(number, address, authority.pem) for number in range(5, 15)]
                found: list[tuple[object, Evidence]] = []
                async with aclosing(collect_many(requests, deadline=60.0)) as source:
                    while len(found) < 10:
                        found += await anext(source)
                return found

    found = asyncio.run(scenario())
    assert {key for key, _ in found} == set(range(5, 15))
    assert {evidence.reason for _, evidence in found} == {""}


def test_more_providers_than_slots_are_all_looked_at(authority: Authority, context: ssl.SSLContext) -> None:
    async def scenario() -> list[object]:
        async with serving(ApiServer(GOOD), context) as address:
            requests = [request(number, address, authority.pem) for number in range(7)]
            return [key async for group in collect_many(requests, concurrency=2) for key, _ in group]

    assert sorted(asyncio.run(scenario())) == list(range(7))


def test_it_works_without_an_event_loop_and_may_be_left_early() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"https://127.0.0.1:{unused.getsockname()[1]}"
        found = collect_many_now([request(number, address) for number in range(3)])
        _, evidence = next(filter(None, found))[0]
        found.close()
    assert evidence.reason == "connection_refused"


def test_a_fault_of_our_own_is_the_trouble_of_one_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(target: ClusterTarget, questions: CheckRequest, **limits: object) -> Evidence:
        if questions.key == 1:
            raise RuntimeError("can't start new thread")
        return Evidence(checked_at=datetime.now(UTC), duration_ms=1, reachable=True)

    monkeypatch.setattr("providers.kube.probe.collect", broken)
    found = dict(chain.from_iterable(collect_many_now([request(number, "https://x.invalid") for number in range(3)])))
    assert {key: evidence.reason for key, evidence in found.items()} == {0: "", 1: "unexpected", 2: ""}


def test_no_providers_are_no_trouble() -> None:
    assert list(collect_many_now([])) == []
