"""Several people at the same moment, each with a connection of their own."""

import threading
from collections.abc import Callable

from django.db import connection

from organizations.errors import RefusedError


def at_once(*verbs: Callable[[], object]) -> list[RefusedError]:
    """Start all together and wait for all; the refusals that they met. Any other error fails the test."""
    together = threading.Barrier(len(verbs))
    refusals: list[RefusedError] = []
    failures: list[BaseException] = []

    def run(verb: Callable[[], object]) -> None:
        together.wait()
        try:
            verb()
        except RefusedError as refusal:
            refusals.append(refusal)
        except BaseException as failure:  # noqa: BLE001 - told by the thread of the test
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    return refusals
