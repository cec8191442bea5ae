"""The admin's kubeconfig of a cluster."""

import base64
import os
from pathlib import Path

import yaml


def write_kubeconfig(path: Path, *, cluster: str, port: int, ca_pem: str, token: str) -> None:
    """Write with inline data only, readable by its owner alone."""
    name = f"sandbox-{cluster}"
    server = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority-data": base64.b64encode(ca_pem.encode()).decode(),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        "current-context": name,
    }
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(content, file, sort_keys=False)
    temporary.replace(path)
