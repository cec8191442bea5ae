"""What is kept of the control plane's answers, and for how long: with short times, in this process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from providers.envproxy import access as module
from providers.envproxy.access import Access
from providers.envproxy.connections import Connections
from providers.envproxy.control_plane import Unreachable

ALLOWED = {"allowed": True, "state": "on", "service": "env-dev", "port": 3000}


class Answers:
    """Stands for the connection to a control plane that allows everything."""

    access_url = "https://coder.example.com"

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.answer: Callable[[int], dict[str, Any]] = lambda count: {
            "verdicts": [ALLOWED] * count,
            "ask_again_seconds": 60,
        }

    async def post(self, call: str, document: dict[str, Any]) -> dict[str, Any]:
        self.sizes.append(len(document["uses"]))
        return self.answer(len(document["uses"]))


def with_access(what: Callable[[Access, Answers], Awaitable[object]]) -> None:
    async def run() -> None:
        answers = Answers()
        access = Access(answers)  # type: ignore[arg-type]
        asking = asyncio.create_task(access.ask_forever())
        async with asyncio.timeout(20):
            await what(access, answers)
        asking.cancel()

    asyncio.run(run())


def unreachable(count: int) -> dict[str, Any]:
    raise Unreachable("no answer")


def test_the_least_recently_used_is_forgotten_but_nobody_who_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 3)

    async def what(access: Access, answers: Answers) -> None:
        connected = await access.use("connected", "e")
        with Connections().open() as connection, connected.carrying(connection):
            for number in range(4):
                await access.use(f"session-{number}", "e")
            asked = len(answers.sizes)
            assert await access.use("connected", "e") is connected
            await access.use("session-3", "e")
            assert len(answers.sizes) == asked
            await access.use("session-0", "e")
            assert len(answers.sizes) == asked + 1

    with_access(what)


def test_strangers_push_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a flood of cookies that mean nothing would lock all out who are not connected, during an outage."""
    monkeypatch.setattr(module, "MOST_KEPT", 3)

    async def what(access: Access, answers: Answers) -> None:
        for session in ("ada", "bob"):
            await access.use(session, "e")
        answers.answer = lambda count: {"verdicts": [{"allowed": False}] * count, "ask_again_seconds": 60}
        for number in range(5):
            assert not (await access.use(f"stranger-{number}", "e")).verdict.is_allowed
        asked = len(answers.sizes)
        for session in ("ada", "bob"):
            assert (await access.use(session, "e")).verdict.is_allowed
        assert len(answers.sizes) == asked

    with_access(what)


def test_nobody_is_forgotten_for_a_newcomer_s_own_sake(monkeypatch: pytest.MonkeyPatch) -> None:
    """When all others are connected, the newcomer is kept, too: who is not kept is never asked about again."""
    monkeypatch.setattr(module, "MOST_KEPT", 1)

    async def what(access: Access, answers: Answers) -> None:
        first = await access.use("first", "e")
        with Connections().open() as connection, first.carrying(connection):
            newcomer = await access.use("newcomer", "e")
            assert await access.use("newcomer", "e") is newcomer

    with_access(what)


def test_many_at_once_are_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ASKED", 50)

    async def what(access: Access, answers: Answers) -> None:
        await asyncio.gather(*(access.use(f"session-{number % 60}", "e") for number in range(120)))
        assert sum(answers.sizes) == 60
        assert len(answers.sizes) <= 3

    with_access(what)


def test_an_outage_without_end_ends_what_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GOOD_FOR", 1.5)
    monkeypatch.setattr(module, "FIRST_PATIENCE", 0.2)

    async def what(access: Access, answers: Answers) -> None:
        answers.answer = lambda count: {"verdicts": [ALLOWED] * count, "ask_again_seconds": 1}
        use = await access.use("session", "e")
        answers.answer = unreachable
        with pytest.raises(asyncio.CancelledError), Connections().open() as connection, use.carrying(connection):
            await asyncio.sleep(15)
        task = asyncio.current_task()
        assert task
        task.uncancel()
        with pytest.raises(Unreachable):
            await access.use("session", "e")

    with_access(what)


def test_an_old_verdict_counts_at_once_while_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)

    async def what(access: Access, answers: Answers) -> None:
        answers.answer = lambda count: {"verdicts": [ALLOWED] * count, "ask_again_seconds": 1}
        await access.use("session", "e")
        answers.answer = unreachable
        await asyncio.sleep(1.2)
        assert (await access.use("session", "e")).verdict.is_allowed

    with_access(what)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"verdicts": []},
        {"verdicts": [{"allowed": True}]},
        {"verdicts": [ALLOWED | {"service": "evil.example.com"}]},
        {"verdicts": [ALLOWED | {"port": 0}]},
        {"verdicts": [ALLOWED, ALLOWED]},
        {"verdicts": [None]},
    ],
)
def test_an_answer_that_is_none_allows_nothing(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> None:
    monkeypatch.setattr(module, "FIRST_PATIENCE", 0.2)

    async def what(access: Access, answers: Answers) -> None:
        answers.answer = lambda _: answer
        with pytest.raises(Unreachable):
            await access.use("session", "e")

    with_access(what)
