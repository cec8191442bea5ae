"""The same work for code without an event loop: Celery tasks and commands."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from queue import SimpleQueue
from typing import Any, TypeVar

from providers.kube.checker import checker
from providers.kube.evidence import Evidence
from providers.kube.findings import Finding
from providers.kube.preflight import preflight
from providers.kube.probe import (
    CONCURRENCY,
    DEADLINE,
    RELEASE_NAME,
    CheckRequest,
    Found,
    Questions,
    collect,
    collect_many,
)
from providers.target import ClusterTarget

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """`run(explain_workload(target, "envproxy"))`; raises what the work raises. Not inside an event loop."""
    return asyncio.run(work)


def collect_now(target: ClusterTarget, questions: Questions, *, timeout: float = DEADLINE) -> Evidence:
    return run(collect(target, questions, timeout=timeout))


def collect_many_now(
    requests: Sequence[CheckRequest], *, concurrency: int = CONCURRENCY, deadline: float = DEADLINE
) -> Iterator[list[Found]]:
    """Evidence as it comes in; what the caller does with one group does not hold up the checks of the others.

    All checks of a process share one event loop, in which connections are kept from one check to the next.
    """
    pool, start = checker()
    return iterate(lambda: collect_many(requests, concurrency=concurrency, deadline=deadline, pool=pool), start)


def preflight_now(
    target: ClusterTarget, *, release_name: str = RELEASE_NAME, needs_ingress: bool, hostname: str = ""
) -> Iterator[Finding]:
    return iterate(lambda: preflight(target, release_name=release_name, needs_ingress=needs_ingress, hostname=hostname))


def iterate(
    make: Callable[[], AsyncGenerator[T, None]], start: "Callable[[Coroutine], Future] | None" = None
) -> Iterator[T]:
    """The items of an asynchronous iterator, which runs until the caller has enough.

    `start` puts work into a loop that runs in another thread; without it the work gets a loop and a thread of its own.
    """
    items: SimpleQueue[tuple[T] | None] = SimpleQueue()
    enough = threading.Event()

    async def pump() -> None:
        async with aclosing(make()) as source:
            async for item in source:
                items.put((item,))
                if enough.is_set():
                    return

    pumping = (start or _in_a_thread)(pump())
    pumping.add_done_callback(lambda _: items.put(None))
    try:
        while (item := items.get()) is not None:
            yield item[0]
        pumping.result()
    finally:
        enough.set()


def _in_a_thread(work: Coroutine) -> Future:
    executor = ThreadPoolExecutor(1, thread_name_prefix="kube")
    try:
        return executor.submit(asyncio.run, work)
    finally:
        executor.shutdown(wait=False)
