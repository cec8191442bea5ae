"""Runs every controller whenever something changed or a timer ended, until nothing changes any more."""

import asyncio
import logging
import time
from collections.abc import Callable

from coderadmin.embedded.sandbox.controllers import deployments, garbage, namespaces, pods, replicasets, sets, statuses
from coderadmin.embedded.sandbox.controllers.accounts import TokenSecrets
from coderadmin.embedded.sandbox.controllers.context import NEVER, Context
from coderadmin.embedded.sandbox.identity import Tokens

logger = logging.getLogger(__name__)
REST_SECONDS = 0.02
PASSES = 50
Controller = Callable[[Context], None]


class ControllerLoop:
    def __init__(self, context: Context, tokens: Tokens) -> None:
        self._context = context
        self._controllers: tuple[Controller, ...] = (
            namespaces.reconcile,
            TokenSecrets(tokens).reconcile,
            garbage.reconcile,
            deployments.reconcile,
            replicasets.reconcile,
            sets.reconcile,
            pods.reconcile,
            statuses.reconcile,
        )

    async def run(self) -> None:
        """Never returns; idle clusters cost nothing. A short rest lets many writes be handled together."""
        while True:
            looked_at = self.settle()
            settled = self._context.store.revision
            await asyncio.sleep(REST_SECONDS)
            await self._context.store.wait_beyond(settled, min(self._context.seconds_until_next(looked_at), NEVER))

    def settle(self) -> float:
        """Let the controllers answer each other until they are done, or for PASSES rounds. When the last began."""
        looked_at = 0.0
        for _ in range(PASSES):
            looked_at = time.monotonic()
            before = self._context.store.revision
            for controller in self._controllers:
                self._run(controller)
            self._context.forget_idle_timers()
            if self._context.store.revision == before:
                break
        return looked_at

    def _run(self, controller: Controller) -> None:
        """One object that a controller cannot digest must not stop the others."""
        try:
            controller(self._context)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            logger.exception("the controller %s could not finish a pass", controller.__qualname__)
