"""The baseline of the checks: the same requests of the same fleet by a bare asyncio client that stores nothing.

`python -m benchmarks.bare FLEET.JSON COUNT` makes a lap for each line of its input, and prints its processor seconds.
"""

import asyncio
import json
import ssl
import subprocess
import sys
import time
from asyncio import sslproto
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any, Self

import aiohttp

from benchmarks.endpoints import TLS_BUFFER, address_of
from providers.kube.client import METADATA_ONLY
from providers.kube.probe import RELEASE_NAME

AT_ONCE = 100
KEPT = 75.0  # seconds
PATHS = [
    ("/version", "application/json"),
    ("/api/v1/namespaces/coder", "application/json"),
    (f"/api/v1/namespaces/coder/secrets?labelSelector=owner%3Dhelm%2Cname%3D{RELEASE_NAME}", METADATA_ONLY),
    ("/apis/apps/v1/namespaces/coder/deployments/envproxy", "application/json"),
]


class Bare:
    """The client as a process of its own, whose connections stay open from lap to lap."""

    def __init__(self, fleet: Path, count: int) -> None:
        arguments = [sys.executable, "-m", "benchmarks.bare", str(fleet), str(count)]
        self._process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def lap(self) -> float:
        """Seconds of processor time for one check of each endpoint."""
        self.begin_lap()
        return self.end_lap()

    def begin_lap(self) -> None:
        assert self._process.stdin  # noqa: S101 - a pipe
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def end_lap(self) -> float:
        """Waits for its end."""
        assert self._process.stdout  # noqa: S101 - a pipe
        return float(self._process.stdout.readline())


def lap_of_many(fleet: Path, clients: int, count: int, *, laps: int) -> float:
    """Seconds of processor time of all clients, each with its share of `count` checks: the median, after two laps."""
    with ExitStack() as started:
        running = [started.enter_context(Bare(fleet, count // clients)) for _ in range(clients)]
        costs = []
        for _ in range(2 + laps):
            for client in running:
                client.begin_lap()
            costs.append(sum(client.end_lap() for client in running))
    return median(costs[2:])


async def _run(fleet: dict[str, Any], count: int) -> None:
    context = ssl.create_default_context(cadata=fleet["ca_pem"])
    connector = aiohttp.TCPConnector(limit=0, ssl=context, keepalive_timeout=KEPT)
    slots = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def check(number: int) -> None:
            async with slots:
                for path, accept in PATHS:
                    headers = {"Accept": accept, "Authorization": "Bearer benchmark"}
                    url = f"https://{address_of(number)}:{fleet['port']}{path}"
                    async with session.get(url, headers=headers) as response:
                        json.loads(await response.read())

        while await asyncio.to_thread(sys.stdin.readline):
            worked = time.process_time()
            await asyncio.gather(*map(check, range(count)))
            print(time.process_time() - worked, flush=True)


if __name__ == "__main__":
    sslproto.SSLProtocol.max_size = TLS_BUFFER
    asyncio.run(_run(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])))
