"""The event loop in which all checks of a process run, so that their connections outlive a check."""

import asyncio
import atexit
import contextlib
import ctypes
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future

from providers.kube.pool import Pool

CLOSING_SECONDS = 2.0
GIVE_BACK_SECONDS = 30.0

Start = Callable[[Coroutine], Future]

_making = threading.Lock()
_made: tuple[Pool, Start] | None = None


def checker() -> tuple[Pool, Start]:
    """The pool of this process, and what starts work in its loop. Made by the first who asks."""
    global _made
    with _making:
        _made = _made or _make()
        return _made


def _make() -> tuple[Pool, Start]:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="checks", daemon=True).start()

    def start(work: Coroutine) -> Future:
        return asyncio.run_coroutine_threadsafe(work, loop)

    pool = start(_pool()).result()
    loop.call_soon_threadsafe(_give_back_often, loop)

    def close() -> None:
        with contextlib.suppress(TimeoutError):
            start(pool.close()).result(CLOSING_SECONDS)
        loop.call_soon_threadsafe(loop.stop)

    atexit.register(close)
    return pool, start


def _give_back_often(loop: asyncio.AbstractEventLoop) -> None:
    """Free memory, to the system: the C library keeps what many handshakes at once have taken. Milliseconds each."""
    with contextlib.suppress(AttributeError):  # musl has no such function, and keeps less
        ctypes.CDLL(None).malloc_trim(0)
    loop.call_later(GIVE_BACK_SECONDS, _give_back_often, loop)


async def _pool() -> Pool:
    return Pool()
