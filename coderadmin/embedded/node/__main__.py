"""`python -m coderadmin.embedded.node --kubeconfig FILE... --ingress-port PORT --state DIR`: run until told to stop."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from aiohttp import web

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.node.api import Api, ApiError, Kubeconfig
from coderadmin.embedded.node.demo import demo_environments
from coderadmin.embedded.node.ingress import Ingress
from coderadmin.embedded.node.kubelet import Kubelet
from coderadmin.embedded.node.process import Machine
from coderadmin.embedded.node.registration import Registration
from coderadmin.embedded.processes import die_with_parent, stop_children

logger = logging.getLogger("coderadmin.embedded.node")
STOP_SECONDS = 2.0  # for the processes, and for saying good-bye to the clusters
KEPT = ("PATH", "LANG", "LC_ALL", "TZ")


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = _parser().parse_args()
    if not die_with_parent(options.parent):
        logger.error("the process that started the node is gone")
        return 1
    os.umask(0o077)
    try:
        asyncio.run(_run(options))
    except (EmbeddedError, OSError) as error:
        logger.error("%s", error)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coderadmin.embedded.node", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, action="append", required=True, help="a cluster; may be repeated")
    parser.add_argument("--state", type=Path, required=True, help="folder for tokens and logs")
    parser.add_argument("--ingress-host", default="127.0.0.1", help="address that the ingress listens on")
    parser.add_argument("--ingress-port", type=int, default=0, help="its port (0: any free one, see STATE/ready)")
    parser.add_argument("--namespace", action="append", default=[], help="take pods of this namespace only; repeat")
    parser.add_argument("--name", default="coderadmin-node", help="the name of the Node object")
    parser.add_argument("--service-gateway", default="", help="host:port by which envproxy reaches all Services")
    parser.add_argument("--demo-environments", action="store_true", help="serve that gateway: a page for each Service")
    parser.add_argument("--parent", type=int, default=0, help="process id without which this one must not live")
    return parser


async def _run(options: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        gateway = await _serve_demo(stack) if options.demo_environments else options.service_gateway
        machine = Machine(
            folder=options.state,
            variables=_variables(gateway),
            probe=await stack.enter_async_context(aiohttp.ClientSession()),
        )
        registration = Registration(options.name, options.namespace)
        apis = [await stack.enter_async_context(Api(Kubeconfig.read(path))) for path in options.kubeconfig]
        kubelets = [Kubelet(api, machine, registration) for api in apis]
        server = await Ingress(kubelets).serve(options.ingress_host, options.ingress_port)
        stack.callback(server.close)
        _write_ready(options.state, server.sockets[0].getsockname()[1])
        work = [asyncio.create_task(kubelet.run()) for kubelet in kubelets]
        ended, _ = await asyncio.wait(
            [asyncio.create_task(stopping.wait()), *work], return_when=asyncio.FIRST_COMPLETED
        )
        await _stop(kubelets, work)
        (options.state / "ready").unlink(missing_ok=True)
        for task in ended:
            task.result()  # a kubelet ends only by an error


async def _serve_demo(stack: AsyncExitStack) -> str:
    """Serve the demo environments; gives their host:port."""
    runner = web.AppRunner(demo_environments(), access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"127.0.0.1:{runner.addresses[0][1]}"


def _variables(gateway: str) -> dict[str, str]:
    """What every process of the node finds in its environment, whatever the pod says."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | {"SERVICE_GATEWAY": gateway}


def _write_ready(state: Path, port: int) -> None:
    """Two lines, the process id and the port of the ingress."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = state / "ready.new"
    unfinished.write_text(f"{os.getpid()}\n{port}\n")
    unfinished.replace(state / "ready")


async def _unregister(kubelet: Kubelet) -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await kubelet.unregister()
    except (ApiError, TimeoutError) as error:
        logger.warning("%s: the node stays registered: %s", kubelet.api.kubeconfig.name, error or "no answer")


async def _stop(kubelets: Sequence[Kubelet], work: Iterable[asyncio.Task[None]]) -> None:
    """Leave the clusters, then end the processes; open connections are cut."""
    for task in work:
        task.cancel()
    children = [child for kubelet in kubelets for child in kubelet.let_go()]
    await asyncio.gather(*(_unregister(kubelet) for kubelet in kubelets))
    for child in children:
        child.stop_seconds = STOP_SECONDS
    stop_children(children)


if __name__ == "__main__":
    sys.exit(main())
