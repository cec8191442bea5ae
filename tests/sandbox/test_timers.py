import asyncio

from coderadmin.embedded.sandbox.controllers.context import Context, Pace
from coderadmin.embedded.sandbox.controllers.loop import REST_SECONDS, ControllerLoop
from coderadmin.embedded.sandbox.store import Store


def test_a_timer_that_ends_while_the_loop_rests_is_heeded() -> None:
    """Nothing else changes that could wake the loop: a pod once stayed as it was for an hour."""
    store = Store()
    context = Context(store, "", frozenset, Pace())

    async def scenario() -> None:
        ended = asyncio.Event()
        loop = ControllerLoop(context, None)

        def wait_a_little(context: Context) -> None:
            if context.is_due("a little", REST_SECONDS / 2):
                ended.set()

        loop._controllers = (wait_a_little,)
        running = asyncio.create_task(loop.run())
        try:
            await asyncio.wait_for(ended.wait(), 5)
        finally:
            running.cancel()

    asyncio.run(scenario())
