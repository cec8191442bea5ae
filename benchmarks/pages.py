"""How fast the pages answer, from one process with one thread, each request in turn with those it is compared with."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measures import Sample
from benchmarks.seed import PAGES
from benchmarks.site import Visitor, serve
from benchmarks.stack import Stack

WORLDS = {"small": (20, 0), "large": (200, 20), "huge": (2000, 200)}  # providers, of which dead
WARM_UP = 10  # requests a case that are not counted


@dataclass(frozen=True)
class Case:
    """A page of a world, and the cases that it is compared with."""

    name: str
    world: str
    page: str
    baselines: Sequence[str] = ()


BARE, ADMIN = "account page", "Django admin, 50 rows of 200"
SMALL, SMALL_SEARCH = "list, 20 cards of 20 alive", "search, 20 cards of 20 alive"
LARGE = "list, 50 cards of 200, 20 dead"
CASES = [
    Case(BARE, "large", "account"),
    Case(ADMIN, "large", "admin", [BARE]),
    Case(SMALL, "small", "list", [BARE]),
    Case(LARGE, "large", "list", [SMALL, ADMIN, BARE]),
    Case("list, 50 cards of 2,000, 200 dead", "huge", "list", [LARGE]),
    Case(SMALL_SEARCH, "small", "search"),
    Case("search, 20 cards of 200, 20 dead", "large", "search", [SMALL_SEARCH]),
]


def measure(stack: Stack, *, rounds: int) -> list[Sample]:
    """`rounds` requests a case, one of each case after the other."""
    visitors, queries = {}, {}
    for world, (providers, dead) in WORLDS.items():
        environment = stack.database(f"pages_{world}")
        printed = stack.run(["benchmarks.seed", str(providers), str(dead)], environment)
        queries[world] = json.loads(printed.splitlines()[-1])  # before it: the lines of the audit log
        visitors[world] = serve(stack, f"web-{world}", environment)
    samples = [Sample(name=case.name, baselines=case.baselines) for case in CASES]
    _visit(visitors, samples, WARM_UP)
    for sample in samples:
        sample.values.clear()
    _visit(visitors, samples, rounds)
    for case, sample in zip(CASES, samples, strict=True):
        sample.queries = queries[case.world][case.page]
    return samples


def _visit(visitors: dict[str, Visitor], samples: Sequence[Sample], rounds: int) -> None:
    for _ in range(rounds):
        for case, sample in zip(CASES, samples, strict=True):
            page = visitors[case.world].get(PAGES[case.page])
            sample.values.append(page.milliseconds)
            sample.gzipped_bytes = len(gzip.compress(page.body))
