"""The program: it beats, and answers Kubernetes' probes."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Mapping

from aiohttp import web

from providers.envproxy.beating import Heart
from providers.envproxy.config import Config


def main(environment: Mapping[str, str] = os.environ) -> None:
    """Runs until SIGTERM or SIGINT. Raises ConfigError, before anything starts."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    config = Config.from_environment(environment)
    config.tls()
    asyncio.run(_run(config))


async def _run(config: Config) -> None:
    heart, ended = Heart(config), asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, ended.set)
    runner = web.AppRunner(_probes(heart), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, port=config.port).start()
    beating = asyncio.create_task(heart.beat_forever())
    await ended.wait()
    beating.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beating
    await runner.cleanup()


def _probes(heart: Heart) -> web.Application:
    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_request: web.Request) -> web.Response:
        """Ready from the first accepted beat on, also through a later outage, from which no session must suffer."""
        if heart.was_accepted:
            return web.Response(text="ok")
        return web.Response(status=503, text="no beat has reached the control plane yet")

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz)])
    return app
