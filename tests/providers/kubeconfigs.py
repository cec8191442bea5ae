"""Kubeconfigs as people paste them, with recognisable secrets."""

import json
from typing import Any

PASTED_TOKEN = "pasted-token-that-no-page-may-show"


def kubeconfig(*names: str, current: str = "", user: dict[str, Any] | None = None, **cluster: Any) -> str:
    """One context, cluster and user per name; `user` and `cluster` say what stands in each entry."""
    names = names or ("staging",)
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": current or names[0],
            "clusters": [
                {"name": name, "cluster": {"server": f"https://{name}.k8s.example.com:6443", **cluster}}
                for name in names
            ],
            "users": [{"name": f"{name}-admin", "user": user or {"token": PASTED_TOKEN}} for name in names],
            "contexts": [
                {"name": name, "context": {"cluster": name, "user": f"{name}-admin", "namespace": f"coder-{name}"}}
                for name in names
            ],
        }
    )
