"""Name resolution that cannot hold up the rest."""

import asyncio
import socket
import threading
from concurrent.futures import Future

from aiohttp.abc import AbstractResolver, ResolveResult

from coderadmin.destinations import AddressInfo, resolvable


async def lookup(host: str, port: int, family: int = socket.AF_UNSPEC) -> list[AddressInfo]:
    """`getaddrinfo` in a daemon thread of its own. Raises `socket.gaierror`.

    The event loop's own pool has six threads on two cores, and `asyncio.run` waits for them at its end: a few names
    whose server is silent would delay every other lookup and the end of the batch.
    """
    answer: Future[list[AddressInfo]] = Future()

    def resolve() -> None:
        answer.set_running_or_notify_cancel()
        try:
            answer.set_result(list(socket.getaddrinfo(resolvable(host), port, family, socket.SOCK_STREAM)))
        except UnicodeError:  # a label of more than 63 characters
            answer.set_exception(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
        except OSError as error:
            answer.set_exception(error)

    threading.Thread(target=resolve, name=f"resolve {host}", daemon=True).start()
    return await asyncio.wrap_future(answer)


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
