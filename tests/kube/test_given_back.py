"""A worker gives memory back that it needed for a moment: what has no use is not kept for ever."""

import subprocess
import sys

PROGRAM = """
import ctypes, sys, time
from pathlib import Path
from providers.kube import checker

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

before = resident()
taken = [libc.malloc(4000) for _ in range(25_000)]
for place in taken:
    ctypes.memset(place, 1, 4000)
held = taken.pop()  # above all others, as connections are that stay
for place in taken:
    libc.free(place)
freed = resident() - before
if sys.argv[1] == "gives back":
    checker.checker()
    end = time.monotonic() + 30
    while resident() - before > freed / 4 and time.monotonic() < end:
        time.sleep(0.05)
print(freed, resident() - before)
"""


def kept(way: str) -> tuple[float, float]:
    """Megabytes that it holds once all is free, and at the end."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, way], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    freed, end = map(float, done.split())
    return freed, end


def test_what_is_free_goes_back_to_the_system() -> None:
    freed, end = kept("does nothing")
    assert end > 50, "the C library keeps it by itself"
    freed, end = kept("gives back")
    assert freed > 50
    assert end < freed / 2
