"""Takes from this process what it could connect to (Landlock, landlock(7); networks from Linux 6.7 on)."""

import ctypes
import os

FIRST_WITH_NETWORKS = 4  # version of Landlock
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # numbers of system calls, on every architecture
ASK_FOR_VERSION, CONNECT_TCP, NET_PORT = 1, 2, 2  # linux/landlock.h
PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h; without it only root may confine itself


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("networks", ctypes.c_uint64))


class _Port(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def is_possible() -> bool:
    version: int = ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ASK_FOR_VERSION)
    return version >= FIRST_WITH_NETWORKS


def connect_only_to(port: int) -> bool:
    """From now on this thread, and each that it starts, connects by TCP to this port alone. False where Linux can't."""
    if not is_possible():
        return False
    libc = ctypes.CDLL(None)
    handled, allowed = _Ruleset(networks=CONNECT_TCP), _Port(allowed=CONNECT_TCP, port=port)
    ruleset = libc.syscall(CREATE_RULESET, ctypes.byref(handled), ctypes.sizeof(handled), 0)
    if ruleset < 0:
        return False
    try:
        return (
            libc.syscall(ADD_RULE, ruleset, NET_PORT, ctypes.byref(allowed), 0) == 0
            and libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            and libc.syscall(RESTRICT_SELF, ruleset, 0) == 0
        )
    finally:
        os.close(ruleset)
