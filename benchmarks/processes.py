"""What the kernel says of a child."""

import os
from pathlib import Path

from coderadmin.embedded.processes import Child


def cpu_of(child: Child) -> float:
    """Seconds of processor time that its one process has taken so far."""
    fields = _file(child, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_of(child: Child) -> int:
    """Bytes."""
    return int(_file(child, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _file(child: Child, name: str) -> str:
    assert child.process  # noqa: S101 - it was started
    return Path(f"/proc/{child.process.pid}/{name}").read_text()
