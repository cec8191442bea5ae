"""WATCH: changes as they happen, with bookmarks and, when asked for, the present state first."""

import asyncio
import json
from collections.abc import Callable

from aiohttp import web

from coderadmin.embedded.sandbox.call import Call
from coderadmin.embedded.sandbox.errors import ApiError, bad_request
from coderadmin.embedded.sandbox.reading import matcher, view_for
from coderadmin.embedded.sandbox.store import Change, Object, Store
from coderadmin.embedded.sandbox.tables import as_table

BOOKMARK_SECONDS = 30.0
LONGEST_SECONDS = 1800.0


class Watch:
    """One watch connection."""

    def __init__(self, store: Store, call: Call) -> None:
        self._store = store
        self._call = call
        self._matches = matcher(call)
        self._view = _table_view(call) if "as=Table" in call.accept else view_for(call)
        self._position = 0
        self._response = web.StreamResponse(headers={"Content-Type": "application/json"})

    async def run(self, request: web.Request) -> web.StreamResponse:
        """Stream until the client leaves or `timeoutSeconds` are over."""
        start = _start(self._call)
        self._response.enable_chunked_encoding()
        await self._response.prepare(request)
        try:
            await self._begin(start)
            await self._follow(min(float(self._call.query.get("timeoutSeconds") or LONGEST_SECONDS), LONGEST_SECONDS))
        except ApiError as error:
            await self._send("ERROR", error.status())
        except ConnectionError:
            return self._response
        return self._response

    async def _begin(self, start: int) -> None:
        sends_state = self._call.flag("sendInitialEvents")
        if start and not sends_state:
            self._store.changes_after(start)
            self._position = start
            return
        self._position = self._store.revision
        present = self._store.objects(self._call.resource.group, self._call.resource.plural, self._call.namespace)
        for one in [one for one in present if self._matches(one)]:
            await self._send("ADDED", self._view(one))
        if sends_state:
            await self._bookmark(initial_end=True)

    async def _follow(self, seconds: float) -> None:
        clock = asyncio.get_running_loop()
        end, next_bookmark = clock.time() + seconds, clock.time() + BOOKMARK_SECONDS
        while (left := end - clock.time()) > 0:
            for change in self._store.changes_after(self._position):
                await self._send_change(change)
                self._position = change.revision
            pause = min(left, max(next_bookmark - clock.time(), 0.01))
            await self._store.wait_beyond(self._position, pause)
            if clock.time() >= next_bookmark:
                next_bookmark = clock.time() + BOOKMARK_SECONDS
                await self._bookmark()

    async def _send_change(self, change: Change) -> None:
        resource = self._call.resource
        if change.key[:2] != (resource.group, resource.plural):
            return
        if self._call.namespace and resource.namespaced and change.key.namespace != self._call.namespace:
            return
        if kind := self._seen_kind(change):
            await self._send(kind, self._view(change.object))

    def _seen_kind(self, change: Change) -> str | None:
        """What the change means for this watch: with a selector, an object also comes and goes by its labels."""
        before = change.previous is not None and self._matches(change.previous)
        now = change.kind != "DELETED" and self._matches(change.object)
        if before and now:
            return "MODIFIED"
        if now:
            return "ADDED"
        return "DELETED" if before else None

    async def _bookmark(self, *, initial_end: bool = False) -> None:
        if not self._call.flag("allowWatchBookmarks"):
            return
        metadata: Object = {"resourceVersion": str(max(self._position, self._store.oldest)), "creationTimestamp": None}
        if initial_end:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        resource = self._call.resource
        await self._send("BOOKMARK", {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata})

    async def _send(self, kind: str, value: Object) -> None:
        await self._response.write(json.dumps({"type": kind, "object": value}).encode() + b"\n")


def _start(call: Call) -> int:
    try:
        return int(call.query.get("resourceVersion") or 0)
    except ValueError as error:
        raise bad_request(f"resourceVersion: Invalid value: {call.query['resourceVersion']!r}") from error


def _table_view(call: Call) -> Callable[[Object], Object]:
    return lambda one: as_table(call.resource, [one])
