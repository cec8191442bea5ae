"""Helm's library by itself, and nothing else: no import of ours is in the time that it takes.

Upgrades a release once, given as JSON on standard input: `kubeconfig`, `namespace`, `release`, `chart` (a folder),
`values`, `timeout` in seconds.
"""

import json
import sys
from typing import Any

import helm_python
from helm_python import _native


def main(request: dict[str, Any]) -> None:
    options = {
        "timeout_seconds": request["timeout"],
        "wait": "watcher",
        "max_history": 10,
        "reset_values": True,
        "force_conflicts": True,
    }
    cluster = helm_python.Config(kubeconfig_content=request["kubeconfig"], namespace=request["namespace"])
    with helm_python.HelmContext() as context, helm_python.Chart.load(request["chart"]) as chart:
        handles = (cluster._raw(), context._raw(), chart._raw())
        values = json.dumps(request["values"])
        _native.call_string("helm_upgrade", *handles, None, request["release"], values, json.dumps(options))


if __name__ == "__main__":
    main(json.load(sys.stdin))
