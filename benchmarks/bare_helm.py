"""The baseline of a redeploy: Helm's library by itself, in a process of its own and without anything of ours around it.

`python -m benchmarks.bare_helm` upgrades the release once, given a Request as JSON on its standard input.
"""

import json
import os
import subprocess
import sys
from typing import Any, TypedDict

import helm_python
from helm_python import _native

from benchmarks.stack import CHECKOUT, BenchmarkError
from providers.helm.process import PROGRAM
from providers.helm.release import CHART_DIRECTORY, RELEASE_NAME
from providers.target import ClusterTarget


class Request(TypedDict):
    """`timeout`: seconds."""

    kubeconfig: str
    namespace: str
    values: dict[str, Any]
    timeout: int


def redeploy(target: ClusterTarget, values: dict[str, Any], *, timeout: int) -> None:
    """Upgrade the release and wait until it is ready. Raises BenchmarkError."""
    request = Request(kubeconfig=target.kubeconfig(), namespace=target.namespace, values=values, timeout=timeout)
    done = subprocess.run(
        [PROGRAM, "-m", "benchmarks.bare_helm"],  # the same name as ours has, which Helm signs fields with
        executable=sys.executable,
        cwd=CHECKOUT,
        env={**os.environ, "HOME": "/nonexistent", "KUBECACHEDIR": f"{os.devnull}/none"},
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"Helm alone failed: {done.stderr[-2000:]}")


def main(request: Request) -> None:
    options = {
        "timeout_seconds": request["timeout"],
        "wait": "watcher",
        "max_history": 10,
        "reset_values": True,
        "force_conflicts": True,
    }
    cluster = helm_python.Config(kubeconfig_content=request["kubeconfig"], namespace=request["namespace"])
    with helm_python.HelmContext() as context, helm_python.Chart.load(CHART_DIRECTORY) as chart:
        handles = (cluster._raw(), context._raw(), chart._raw())
        values = json.dumps(request["values"])
        _native.call_string("helm_upgrade", *handles, None, RELEASE_NAME, values, json.dumps(options))


if __name__ == "__main__":
    main(json.load(sys.stdin))
