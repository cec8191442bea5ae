"""`python -m coderadmin.embedded.sandbox --state DIR --cluster NAME ...`: serve clusters until told to stop."""

import argparse
import asyncio
import logging
import os
import re
import signal
import sys
from pathlib import Path

from coderadmin.embedded.processes import die_with_parent
from coderadmin.embedded.sandbox.cluster import Cluster
from coderadmin.embedded.sandbox.controllers.context import Pace

logger = logging.getLogger("coderadmin.embedded.sandbox")
FAULT_SECONDS = 0.2


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = _parser().parse_args()
    if not die_with_parent(options.parent):
        logger.error("the process that started the sandbox is gone")
        return 1
    os.umask(0o077)
    asyncio.run(_serve(options.state, options.cluster, options.port, Pace(start=options.pod_seconds)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coderadmin.embedded.sandbox", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps the clusters")
    parser.add_argument("--cluster", type=_cluster_name, action="append", required=True, help="a cluster's name")
    parser.add_argument(
        "--port", type=int, default=0, help="port of the first cluster; the others follow (0: any free)"
    )
    parser.add_argument("--parent", type=int, default=0, help="process id without which this one must not live")
    parser.add_argument("--pod-seconds", type=float, default=Pace().start, help="how long a pod takes to start")
    return parser


def _cluster_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a lower-case DNS label")
    return text


async def _serve(state: Path, names: list[str], port: int, pace: Pace) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    state.mkdir(parents=True, exist_ok=True)
    clusters = [Cluster(state / name, pace, port + place if port else 0) for place, name in enumerate(names)]
    ready = state / "ready"
    try:
        for cluster in clusters:
            await cluster.start()
            logger.info("cluster %s listens on https://127.0.0.1:%s", cluster.name, cluster.port)
        ready.write_text(f"{os.getpid()}\n")
        while not stopping.is_set():
            for cluster in clusters:
                await cluster.take_faults()
            await asyncio.sleep(FAULT_SECONDS)
    finally:
        ready.unlink(missing_ok=True)
        for cluster in clusters:
            await cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
