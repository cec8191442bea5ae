"""The node in one cluster: it takes pods, keeps a process for each, and knows the cluster's Ingress objects."""

import asyncio
import logging
from collections.abc import Coroutine

from coderadmin.embedded.node.api import Api, ApiError, Object
from coderadmin.embedded.node.mirror import RETRY_SECONDS, Mirror
from coderadmin.embedded.node.process import PROGRAM, Machine, PodProcess
from coderadmin.embedded.node.registration import SELECTOR, Registration
from coderadmin.embedded.processes import Child

logger = logging.getLogger(__name__)
BEAT_SECONDS = 15.0
FORCED_GRACE_SECONDS = 1.0  # for the process of a pod that the cluster has forgotten already


class Kubelet:
    """`processes` by the uid of their pods."""

    def __init__(self, api: Api, machine: Machine, registration: Registration) -> None:
        self.api = api
        self.processes: dict[str, PodProcess] = {}
        self._machine = machine
        self._registration = registration
        self._pods = Mirror(api, "/api/v1/pods", SELECTOR, self._reconcile)
        self._ingresses = Mirror(api, "/apis/networking.k8s.io/v1/ingresses", SELECTOR, lambda: None)
        self._services = Mirror(api, "/api/v1/services", SELECTOR, lambda: None)
        self._tasks: set[asyncio.Task[None]] = set()
        self._binding: set[str] = set()

    @property
    def ingresses(self) -> list[Object]:
        """Of the namespaces that the node takes: others may name the same hosts."""
        return [one for one in self._ingresses.objects.values() if self._registration.takes(one)]

    @property
    def services(self) -> list[Object]:
        return list(self._services.objects.values())

    async def run(self) -> None:
        """Never returns. An API server that can't be asked stops no process."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stay_registered())
            for mirror in (self._pods, self._ingresses, self._services):
                group.create_task(mirror.follow())

    def let_go(self) -> list[Child]:
        """Look after no process any more; gives those that still run."""
        children = [process.child for process in self.processes.values() if process.child]
        for task in self._tasks:
            task.cancel()
        return children

    async def unregister(self) -> None:
        """Raises ApiError."""
        await self._registration.unregister(self.api)

    async def _stay_registered(self) -> None:
        is_registered = False
        while True:
            pause = BEAT_SECONDS
            try:
                if is_registered:
                    await self._registration.renew(self.api)
                else:
                    await self._registration.register(self.api)
                    await self._registration.take_over(self.api)
                    is_registered = True
            except ApiError as error:
                is_registered = False
                logger.warning("%s: not registered: %s", self.api.kubeconfig.name, error)
                pause = RETRY_SECONDS
            await asyncio.sleep(pause)

    def _reconcile(self) -> None:
        """Compare pods with processes: bind, start, stop."""
        for uid, pod in self._pods.objects.items():
            if not self._registration.takes(pod) or pod["spec"]["containers"][0].get("command") != PROGRAM:
                continue
            node = pod["spec"].get("nodeName")
            if not node and "deletionTimestamp" not in pod["metadata"] and uid not in self._binding:
                self._binding.add(uid)
                self._start(self._bind(uid, pod))
            elif node == self._registration.node:
                self._follow(uid, pod)
        for uid in self.processes.keys() - self._pods.objects.keys():
            self.processes[uid].stop(FORCED_GRACE_SECONDS)

    def _follow(self, uid: str, pod: Object) -> None:
        if uid not in self.processes:
            self.processes[uid] = PodProcess(self.api, pod, self._machine)
            self._start(self._run(uid))
        process, metadata = self.processes[uid], pod["metadata"]
        process.pod = pod
        if "deletionTimestamp" in metadata:
            process.stop(float(metadata.get("deletionGracePeriodSeconds") or 0))

    async def _run(self, uid: str) -> None:
        try:
            await self.processes[uid].run()
        finally:
            del self.processes[uid]

    async def _bind(self, uid: str, pod: Object) -> None:
        try:
            await self._registration.bind(self.api, pod)
        except ApiError as error:
            logger.warning("%s: %s", self.api.kubeconfig.name, error)
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._binding.discard(uid)
        self._reconcile()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
