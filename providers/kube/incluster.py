"""The cluster that the control plane itself runs in, by the service account of its own pod."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from providers.target import ClusterTarget

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def incluster_target(
    environment: Mapping[str, str] = os.environ, directory: Path = SERVICE_ACCOUNT
) -> ClusterTarget | None:
    """None outside a cluster. Read it for each use: the kubelet renews the token every hour or so."""
    host = environment.get("KUBERNETES_SERVICE_HOST", "")
    port = environment.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        return None
    try:
        token, ca_pem, namespace = ((directory / name).read_text() for name in ("token", "ca.crt", "namespace"))
    except FileNotFoundError:
        return None
    address = f"https://{_bracketed(host)}:{port}"
    return ClusterTarget(address=address, namespace=namespace.strip(), ca_pem=ca_pem, token=token.strip())


def _bracketed(host: str) -> str:
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host
