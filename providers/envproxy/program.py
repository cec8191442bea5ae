"""The life of the program: it starts, serves, and ends without cutting anybody off before the time is over."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Coroutine, Mapping

from aiohttp import web

from providers.envproxy.access import Access
from providers.envproxy.beating import Heart
from providers.envproxy.config import Config
from providers.envproxy.connections import GOING_AWAY, Connections
from providers.envproxy.control_plane import ControlPlane
from providers.envproxy.proxying import Proxy
from providers.envproxy.serving import BACKLOG, Server, Site
from providers.envproxy.sign_in import SignIn
from providers.envproxy.upstream import Upstream

logger = logging.getLogger(__name__)

ACCEPTING = 5.0  # seconds after SIGTERM: endpoints are slow to learn that this pod is going
GOODBYE = 5.0  # seconds for closing what is still open; Kubernetes kills at the end of the grace time


def main(environment: Mapping[str, str] = os.environ) -> None:
    """Runs until SIGTERM, then until nothing is open; SIGINT ends it at once. Raises ConfigError, before it starts."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    config = Config.from_environment(environment)
    config.tls()
    asyncio.run(_run(config))


async def _run(config: Config) -> None:
    terminated, interrupted = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, terminated.set)
    loop.add_signal_handler(signal.SIGINT, interrupted.set)
    connections = Connections()
    async with ControlPlane(config) as control_plane, contextlib.aclosing(Upstream(config)) as upstream:
        access, heart, sign_in = Access(control_plane), Heart(config, control_plane), SignIn(config, control_plane)
        proxy = Proxy(config, access=access, sign_in=sign_in, upstream=upstream, connections=connections)
        site = Site(config, heart=heart, sign_in=sign_in, proxy=proxy, connections=connections)
        runner = web.ServerRunner(Server(site, max_connections=config.max_connections), shutdown_timeout=1)
        await runner.setup()
        listener = web.TCPSite(runner, config.host, config.port, backlog=BACKLOG)
        await listener.start()
        logger.info("listening on %s port %s for %s", config.host, config.port, config.envproxy_access_url)
        asking = asyncio.create_task(access.ask_forever())
        await _first(terminated.wait(), interrupted.wait(), heart.beat_forever(), beside=asking)
        await _first(interrupted.wait(), _finish(listener, connections, config.grace), beside=asking)
        await _say_goodbye(connections)
        asking.cancel()
        await runner.cleanup()


async def _finish(listener: web.TCPSite, connections: Connections, grace: float) -> None:
    """Lets what is open end by itself for as long as Kubernetes allows."""
    logger.info("ending: %s requests and websockets are open", len(connections))
    connections.is_closing = True
    until = asyncio.get_running_loop().time() + max(grace - GOODBYE, 0)
    await asyncio.sleep(min(ACCEPTING, grace))
    await listener.stop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            await connections.none_left()


async def _say_goodbye(connections: Connections) -> None:
    """Ends what is still open."""
    if len(connections):
        logger.info("the time is over: %s requests and websockets are ended", len(connections))
    connections.end_all(GOING_AWAY)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE):
            await connections.none_left()


async def _first(*works: Coroutine[None, None, object], beside: "asyncio.Task[None]") -> None:
    """Waits until one has ended, cancels the others but not `beside`, and raises what the one raised."""
    tasks = [asyncio.create_task(work) for work in works]
    done, _ = await asyncio.wait([*tasks, beside], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    for task in done:
        task.result()
