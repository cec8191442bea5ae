"""The baseline of a redeploy: Helm's library in a process of its own, without anything of ours around it."""

import json
import os
import subprocess
import sys

from benchmarks.stack import CHECKOUT, BenchmarkError
from providers.helm.process import PROGRAM
from providers.helm.release import CHART_DIRECTORY, RELEASE_NAME
from providers.helm.values import Values
from providers.target import ClusterTarget


def redeploy(target: ClusterTarget, values: Values, *, timeout: int) -> None:
    """Upgrade the release and wait until it is ready; `timeout` in seconds. Raises BenchmarkError."""
    request = {
        "kubeconfig": target.kubeconfig(),
        "namespace": target.namespace,
        "release": RELEASE_NAME,
        "chart": str(CHART_DIRECTORY),
        "values": values,
        "timeout": timeout,
    }
    done = subprocess.run(
        [PROGRAM, "-m", "benchmarks.helm_alone"],  # the same name as ours has, which Helm signs fields with
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
