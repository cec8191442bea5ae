"""Web servers that an access URL may lead to."""

import asyncio
import ssl
import threading
from typing import Any

from aiohttp import web


class Site:
    """A web server on loopback in a thread of its own."""

    def __init__(self, answer: Any, context: ssl.SSLContext | None = None) -> None:
        self._answer, self._context = answer, context
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._started.wait(10)

    def _run(self) -> None:
        async def start() -> web.AppRunner:
            app = web.Application()
            app.router.add_get("/.well-known/coderadmin/{challenge}", self._answer)
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._context)
            await site.start()
            self.port = runner.addresses[0][1]
            self._started.set()
            return runner

        runner = self._loop.run_until_complete(start())
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
