"""Requests and websockets that are under way, so that they can be counted, awaited and ended."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

GOING_AWAY, POLICY_VIOLATION = 1001, 1008  # close codes of websockets


class Connection:
    """One request or websocket, from the permission on. `close_code` is set when it was ended by us."""

    def __init__(self, task: "asyncio.Task[object]") -> None:
        self._task = task
        self.close_code: int | None = None

    def end(self, close_code: int) -> None:
        """At once, by cancelling the task that serves it."""
        if self.close_code is None:
            self.close_code = close_code
            self._task.cancel()


class Connections:
    """All of this program. `is_closing`: clients are told not to send further requests by the same connection."""

    def __init__(self) -> None:
        self.is_closing = False
        self._open: set[Connection] = set()
        self._none_left = asyncio.Event()
        self._none_left.set()

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """The running task as a connection."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        connection = Connection(task)
        self._open.add(connection)
        self._none_left.clear()
        try:
            yield connection
        finally:
            self._open.discard(connection)
            if not self._open:
                self._none_left.set()

    async def none_left(self) -> None:
        """Waits until nothing is open."""
        await self._none_left.wait()

    def end_all(self, close_code: int) -> None:
        for connection in tuple(self._open):
            connection.end(close_code)
