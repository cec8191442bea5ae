"""Faults that can be switched on for one cluster, and the two small files that carry them.

`faults.json` says what is wanted (written by the command line and by tests), `state.json` what the process has done.
"""

import json
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Fault(StrEnum):
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    SLOW = "slow"
    EXPIRED_CERTIFICATE = "expired-certificate"
    WRONG_NAME_CERTIFICATE = "wrong-name-certificate"
    UNTRUSTED_CERTIFICATE = "untrusted-certificate"
    REVOKED_TOKEN = "revoked-token"  # noqa: S105 (a fault's name)
    DENIED_VERBS = "denied-verbs"
    NOT_READY = "not-ready"
    OLD_VERSION = "old-version"
    BROKEN_IMAGE = "broken-image"


NETWORK_FAULTS = frozenset(
    {
        Fault.UNREACHABLE,
        Fault.SILENT,
        Fault.EXPIRED_CERTIFICATE,
        Fault.WRONG_NAME_CERTIFICATE,
        Fault.UNTRUSTED_CERTIFICATE,
    }
)
SLOW_SECONDS = 5.0


@dataclass(frozen=True)
class ClusterState:
    """What the sandbox process says about one cluster: its port and the faults in force."""

    port: int
    faults: frozenset[Fault]


def write_json(path: Path, value: Any, *, mode: int = 0o644) -> None:
    """Write whole or not at all: readers never see half a file, a crash leaves the old one."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(value))  # json.dump encodes in Python, ten times as slowly
    temporary.replace(path)


def read_faults(folder: Path) -> frozenset[Fault]:
    """The wanted faults of the cluster kept in `folder`; none when the file is missing or is not a list of faults."""
    try:
        names = json.loads((folder / "faults.json").read_text())
        return frozenset(Fault(name) for name in names)
    except (FileNotFoundError, ValueError, TypeError):
        return frozenset()


def switch_fault(folder: Path, fault: Fault, *, on: bool) -> frozenset[Fault]:
    """Want `fault` on or off; returns all faults that are wanted now."""
    wanted = read_faults(folder) | {fault} if on else read_faults(folder) - {fault}
    write_json(folder / "faults.json", sorted(wanted))
    return wanted


def write_state(folder: Path, state: ClusterState) -> None:
    write_json(folder / "state.json", {"port": state.port, "faults": sorted(state.faults)})


def read_state(folder: Path) -> ClusterState | None:
    """What the process wrote last, None when it has never run."""
    try:
        state = json.loads((folder / "state.json").read_text())
        return ClusterState(port=state["port"], faults=frozenset(Fault(name) for name in state["faults"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
