"""How the child speaks with the gateway: one JSON request in, JSON lines out, and an end when its parent ends."""

import ctypes
import json
import os
import signal
import sys
from typing import Any, TypedDict

from providers.helm.release import redact

PR_SET_PDEATHSIG = 1


class Request(TypedDict):
    """What the gateway asks for. `rule`: to which addresses. `secrets` are texts that no output may show."""

    action: str
    parent_pid: int
    kubeconfig: str
    rule: dict[str, Any]
    namespace: str
    release: str
    timeout_s: int
    values: dict[str, Any]
    kube_version: str
    secrets: list[str]


def read_request() -> Request:
    """The request on stdin. From here on this process dies with its parent, and at once if that is dead already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    request: Request = json.load(sys.stdin)
    if os.getppid() != request["parent_pid"]:
        raise SystemExit("The process that asked for this is gone.")
    return request


class Channel:
    """The real stdout. Whatever else writes to stdout from now on (the Go runtime, say) goes to stderr."""

    def __init__(self, secrets: list[str]) -> None:
        self._stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
        self._secrets = secrets
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def send(self, **message: Any) -> None:
        shown = {key: self._shown(value) for key, value in message.items()}
        print(json.dumps(shown), file=self._stream, flush=True)

    def _shown(self, value: Any) -> Any:
        return redact(value, self._secrets) if isinstance(value, str) else value


def private_file(text: str) -> str:
    """The path of a file in memory that only this process sees and that ends with it, whatever kills it."""
    descriptor = os.memfd_create("kubeconfig")
    with os.fdopen(descriptor, "w", encoding="utf-8", closefd=False) as file:
        file.write(text)
    return f"/proc/self/fd/{descriptor}"
