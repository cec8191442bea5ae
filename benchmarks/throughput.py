"""How many lists a second one and two worker processes answer, in turns, with visitors who never pause."""

import threading
import time

from benchmarks.measures import Target
from benchmarks.seed import LIST
from benchmarks.site import Visitor, start_server
from benchmarks.stack import Environment, Stack

VISITORS = 6
TURNS = 2


def two_workers(stack: Stack, environment: Environment, *, seconds: float) -> Target:
    """PostgreSQL and the visitors themselves take their share of the same cores."""
    ports = {count: start_server(stack, f"web-of-{count}", environment, workers=count).port for count in (1, 2)}
    first = Visitor(ports[1])
    first.sign_in()
    answered = dict.fromkeys(ports, 0)
    for _ in range(TURNS):
        for count, port in ports.items():
            answered[count] += _answered([first.at(port) for _ in range(VISITORS)], seconds)
    rates = ", ".join(f"{count / seconds / TURNS:.0f} a second" for count in answered.values())
    return Target(
        what="lists answered by two workers against one",
        value=answered[2] / answered[1],
        unit=" times",
        least=1.8,
        note=f"{rates}; database and visitors on the same cores",
    )


def _answered(visitors: list[Visitor], seconds: float) -> int:
    counts: list[int] = []
    end = time.monotonic() + seconds

    def visit(visitor: Visitor) -> None:
        count = 0
        while time.monotonic() < end:
            visitor.get(LIST)
            count += 1
        counts.append(count)

    threads = [threading.Thread(target=visit, args=[visitor]) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)
