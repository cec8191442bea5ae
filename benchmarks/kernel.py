"""What the kernel says of processes."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")


def children_of(pid: int) -> list[int]:
    """Of all its threads."""
    lists = (task / "children" for task in (PROC / str(pid) / "task").iterdir())
    return [int(child) for each in lists for child in each.read_text().split()]


def tree(pid: int) -> list[int]:
    """A process and all that it has started."""
    return [pid, *(below for child in children_of(pid) for below in tree(child))]


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of all threads since they began."""
    tasks = (task for pid in pids for task in (PROC / str(pid) / "task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def busy_seconds() -> float:
    """That all programs on all cores have taken since the machine started."""
    user, nice, system, _, _, *interrupts = map(int, (PROC / "stat").read_text().partition("\n")[0].split()[1:8])
    return sum([user, nice, system, *interrupts]) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pids: Iterable[int]) -> float:
    """Memory that several of them share is counted once; of a single one all of it counts."""
    pids = list(pids)
    field = "Rss:" if len(pids) == 1 else "Pss:"
    rollups = ((PROC / str(pid) / "smaps_rollup").read_text().splitlines() for pid in pids)
    return sum(int(line.split()[1]) for lines in rollups for line in lines if line.startswith(field)) / 1024


@contextmanager
def one_core() -> Iterator[None]:
    """What is started within runs on the first core only, and takes turns there."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
