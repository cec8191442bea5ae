"""Name resolution that cannot hold up the rest."""

import asyncio
import socket
import threading
from concurrent.futures import Future

from aiohttp.abc import AbstractResolver, ResolveResult

from coderadmin.destinations import AddressInfo, resolvable

Question = tuple[str, int, int]
Answer = Future[list[AddressInfo]]

_lock = threading.Lock()
_under_way: dict[Question, Answer] = {}


async def lookup(host: str, port: int, family: int = socket.AF_UNSPEC) -> list[AddressInfo]:
    """`getaddrinfo` in a daemon thread of its own. Raises `socket.gaierror`.

    The event loop's own pool has six threads on two cores, and `asyncio.run` waits for them at its end: a few names
    whose server is silent would delay every other lookup and the end of the batch. Who asks while the same question is
    under way waits for its answer: a thread lasts as long as the system's patience, which is longer than a check.
    """
    return await asyncio.wrap_future(_shared((host, port, family)))


def _shared(question: Question) -> Answer:
    with _lock:
        answer = _under_way.get(question)
        if answer is not None:
            return answer
        answer = _under_way[question] = Future()
        answer.set_running_or_notify_cancel()  # so that nobody who gives up takes it from the others
    try:
        threading.Thread(target=_resolve, args=[question, answer], name=f"resolve {question[0]}", daemon=True).start()
    except RuntimeError:  # the process may have no more threads
        _end(question, answer, socket.gaierror(socket.EAI_AGAIN, "Too many lookups are under way"))
    return answer


def _resolve(question: Question, answer: Answer) -> None:
    host, port, family = question
    found: list[AddressInfo] | OSError
    try:
        found = list(socket.getaddrinfo(resolvable(host), port, family, socket.SOCK_STREAM))
    except UnicodeError:  # a label of more than 63 characters
        found = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    except OSError as error:
        found = error
    _end(question, answer, found)


def _end(question: Question, answer: Answer, found: list[AddressInfo] | OSError) -> None:
    with _lock:
        del _under_way[question]
    if isinstance(found, OSError):
        answer.set_exception(found)
    else:
        answer.set_result(found)


class ThreadPerNameResolver(AbstractResolver):
    """aiohttp's resolver interface over `lookup`."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=port,
                family=found_family,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found_family, _, proto, _, address in await lookup(host, port, family)
        ]

    async def close(self) -> None:
        """Nothing is kept open."""
