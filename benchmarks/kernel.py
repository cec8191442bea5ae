"""What the kernel says of processes."""

from collections.abc import Iterable
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


def resident_megabytes(pids: Iterable[int]) -> float:
    """Memory that several of them share is counted once; of a single one all of it counts."""
    pids = list(pids)
    field = "Rss:" if len(pids) == 1 else "Pss:"
    rollups = ((PROC / str(pid) / "smaps_rollup").read_text().splitlines() for pid in pids)
    return sum(int(line.split()[1]) for lines in rollups for line in lines if line.startswith(field)) / 1024
