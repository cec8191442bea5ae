"""Asynchronous answers in a synchronous worker."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def step_through(generator: AsyncGenerator[Item, None]) -> Iterator[Item]:
    """The items as they come, on an event loop of this thread that rests while the caller handles one.

    The caller may use the ORM between two items, which Django refuses inside a running loop.
    """
    with asyncio.Runner() as runner:
        try:
            while True:
                try:
                    item = runner.run(anext(generator))
                except StopAsyncIteration:
                    return
                yield item
        finally:
            runner.run(generator.aclose())
