"""One sandbox cluster: its folder, its objects, its controllers, its port, and the faults in force."""

import asyncio
import json
import logging
from pathlib import Path

from coderadmin.embedded.sandbox.api import Api
from coderadmin.embedded.sandbox.bootstrap import fill_new_cluster
from coderadmin.embedded.sandbox.certificates import Authority
from coderadmin.embedded.sandbox.controllers.context import Context, Pace
from coderadmin.embedded.sandbox.controllers.loop import ControllerLoop
from coderadmin.embedded.sandbox.faults import (
    NETWORK_FAULTS,
    ClusterState,
    Fault,
    read_faults,
    read_state,
    write_json,
    write_state,
)
from coderadmin.embedded.sandbox.identity import Credentials, Tokens
from coderadmin.embedded.sandbox.kubeconfig import write_kubeconfig
from coderadmin.embedded.sandbox.listener import Listener
from coderadmin.embedded.sandbox.store import Store

logger = logging.getLogger(__name__)
SAVE_SECONDS = 1.0


class Cluster:
    """`folder` holds objects.json, credentials.json, ca.pem, kubeconfig, faults.json and state.json."""

    def __init__(self, folder: Path, pace: Pace, port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.name = folder.name
        self.store = Store()
        self._folder = folder
        self._faults = read_faults(folder)
        self._authority = _authority(folder)
        self._credentials = _credentials(folder)
        tokens = Tokens(self.store, self._credentials)
        context = Context(self.store, self._authority.pem, self.faults, pace)
        self._controllers = ControllerLoop(context, tokens)
        known = read_state(folder)
        api = Api(self.store, tokens, self.faults)
        self._listener = Listener(self._authority, folder, api.handle, port or (known.port if known else 0))
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        return self._listener.port

    def faults(self) -> frozenset[Fault]:
        return self._faults

    async def start(self) -> None:
        self._load()
        self._controllers.settle()
        ca_pem, token = self._authority.pem, self._credentials.admin_token
        await self._listener.open(self._faults)
        kubeconfig = self._folder / "kubeconfig"
        write_kubeconfig(kubeconfig, cluster=self.name, port=self.port, ca_pem=ca_pem, token=token)
        self._publish()
        work = (self._controllers.run(), self._save_often())
        self._tasks = [asyncio.create_task(one) for one in work]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._listener.close()
        self.store.save(self._folder / "objects.json")

    def _load(self) -> None:
        saved = self._folder / "objects.json"
        if saved.exists():
            self.store.load(saved)
        else:
            fill_new_cluster(self.store)

    async def _save_often(self) -> None:
        while True:
            saved = self.store.revision
            self.store.save(self._folder / "objects.json")
            await self.store.wait_beyond(saved, float("inf"))
            await asyncio.sleep(SAVE_SECONDS)

    async def take_faults(self) -> None:
        """Put in force what is wanted now."""
        wanted = read_faults(self._folder)
        if wanted == self._faults:
            return
        changed, self._faults = wanted ^ self._faults, wanted
        logger.info("cluster %s: faults are now %s", self.name, ", ".join(sorted(wanted)) or "none")
        if changed & NETWORK_FAULTS:
            await self._listener.open(wanted)
        if Fault.BROKEN_IMAGE in changed:
            self._controllers.settle()
        self._publish()

    def _publish(self) -> None:
        write_state(self._folder, ClusterState(self.port, self._faults))


def _authority(folder: Path) -> Authority:
    try:
        return Authority.read(folder)
    except FileNotFoundError:
        authority = Authority.fresh(folder.name)
        authority.write(folder)
        return authority


def _credentials(folder: Path) -> Credentials:
    path = folder / "credentials.json"
    try:
        return Credentials(**json.loads(path.read_text()))
    except FileNotFoundError:
        credentials = Credentials.fresh()
        content = {"admin_token": credentials.admin_token, "signing_key": credentials.signing_key}
        write_json(path, content, mode=0o600)
        return credentials
