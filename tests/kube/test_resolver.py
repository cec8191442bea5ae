"""Names whose server is silent: a thread for each, and not for each that asks."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from providers.kube.resolver import lookup

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]


def test_who_asks_the_same_at_the_same_time_shares_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answering = list[str](), threading.Event()

    def ask(host: str, *_: Any) -> list[Any]:
        asked.append(host)
        answering.wait(10)
        return FOUND

    async def scenario() -> list[Any]:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lookup("silent.example.com", 443), 0.05)
        others = [asyncio.create_task(lookup("silent.example.com", 443)) for _ in range(3)]
        await asyncio.sleep(0.05)
        answering.set()
        return await asyncio.gather(*others)

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    assert asyncio.run(scenario()) == [FOUND] * 3
    assert asked == ["silent.example.com"]
    assert asyncio.run(lookup("silent.example.com", 443)) == FOUND
    assert len(asked) == 2, "an answer is not kept"


def test_a_process_without_room_for_threads_says_that_the_name_was_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(socket.gaierror):
            asyncio.run(lookup("localhost", 443))
    assert asyncio.run(lookup("localhost", 443))
