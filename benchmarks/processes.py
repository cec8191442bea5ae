"""What the kernel says of a child."""

import os
from pathlib import Path

from coderadmin.embedded.processes import Child


def cpu_of(child: Child, *, with_ended: bool = False) -> float:
    """Seconds of processor time that its one process has taken so far; `with_ended`: and its children that are gone."""
    fields = _file(child, "stat").rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if with_ended else 13])) / os.sysconf("SC_CLK_TCK")


def resident_of(child: Child) -> int:
    """Bytes."""
    return int(_file(child, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _file(child: Child, name: str) -> str:
    assert child.process  # noqa: S101 - it was started
    return Path(f"/proc/{child.process.pid}/{name}").read_text()
