"""A copy of some objects of a cluster that follows every change."""

import asyncio
import logging
from collections.abc import Callable

from coderadmin.embedded.node.api import Api, ApiError, Object

logger = logging.getLogger(__name__)
RETRY_SECONDS = 1.0


class Mirror:
    """`objects` by uid, those with the label; `changed` is called after each change."""

    def __init__(self, api: Api, path: str, selector: str, changed: Callable[[], None]) -> None:
        self.objects: dict[str, Object] = {}
        self._api = api
        self._path = path
        self._selector = selector
        self._changed = changed

    async def follow(self) -> None:
        """Never returns. What is known stays known while the API server can't be asked."""
        while True:
            try:
                version = await self._list()
                await self._watch(version)
            except ApiError as error:
                if error.status != 410:  # 410: the version is too old, list again
                    logger.warning("%s: %s", self._api.kubeconfig.name, error)
                    await asyncio.sleep(RETRY_SECONDS)

    async def _list(self) -> str:
        found = await self._api.get(self._path, labelSelector=self._selector)
        self.objects = {one["metadata"]["uid"]: one for one in found["items"]}
        self._changed()
        return str(found["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> None:
        events = self._api.watch(self._path, labelSelector=self._selector, resourceVersion=version)
        async for event in events:
            one = event["object"]
            match event["type"]:
                case "ERROR":
                    raise ApiError(int(one.get("code", 0)), str(one.get("message", "")))
                case "ADDED" | "MODIFIED":
                    self.objects[one["metadata"]["uid"]] = one
                case "DELETED":
                    self.objects.pop(one["metadata"]["uid"], None)
            self._changed()
