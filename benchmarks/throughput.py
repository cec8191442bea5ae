"""How many lists a second one and two worker processes answer, in turns, with visitors who never pause."""

import os
import threading
import time

from benchmarks.kernel import busy_seconds
from benchmarks.measures import Target
from benchmarks.seed import LIST
from benchmarks.site import Visitor, start_server
from benchmarks.stack import Environment, Stack

VISITORS = 6
TURNS = 2


def two_workers(stack: Stack, environment: Environment, *, seconds: float) -> Target:
    """PostgreSQL and the visitors themselves take their share of the same cores: the note says how many lists fit."""
    ports = {count: start_server(stack, f"web-of-{count}", environment, workers=count).port for count in (1, 2)}
    first = Visitor(ports[1])
    first.sign_in()
    answered, busy = dict.fromkeys(ports, 0), dict.fromkeys(ports, 0.0)
    for _ in range(TURNS):
        for count, port in ports.items():
            before = busy_seconds()
            answered[count] += _answered([first.at(port) for _ in range(VISITORS)], seconds)
            busy[count] += busy_seconds() - before
    one, two = (count / seconds / TURNS for count in answered.values())
    cores, each = os.cpu_count() or 1, busy[2] / answered[2]
    note = (
        f"{one:.0f} a second, {two:.0f} a second; with PostgreSQL and visitor a list takes {each * 1000:.1f} ms of "
        f"processor time, so that {cores} cores can answer {cores / each:.0f}"
    )
    what = "lists answered by two workers against one"
    return Target(what=what, value=two / one, unit=" times", least=1.8, note=note)


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
