"""The version of a cluster's API."""

import re
from urllib.parse import urlsplit

from providers.kube.client import KubeClient
from providers.kube.errors import KubeError, NotKubernetes, Reason, shorten

VERSION_LIMIT = 64  # characters
OLDEST = (1, 20)  # the chart needs networking.k8s.io/v1 and server-side apply


async def read_version(client: KubeClient) -> str:
    """Like `v1.31.2`. Raises `NotKubernetes` when whoever answers does not say one."""
    version = (await client.get("/version")).get("gitVersion")
    if not isinstance(version, str) or _numbers(version) is None:
        host = urlsplit(client.target.address).netloc
        raise NotKubernetes(Reason.NOT_KUBERNETES, f"{host} answers, but names no Kubernetes version.")
    return shorten(version, VERSION_LIMIT)


def require_supported(version: str) -> None:
    """Raises `KubeError` for a version that is too old."""
    if (_numbers(version) or OLDEST) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise KubeError(Reason.VERSION_TOO_OLD, f"The cluster runs Kubernetes {version}; {oldest} or newer is needed.")


def _numbers(version: str) -> tuple[int, int] | None:
    found = re.match(r"v?(\d{1,4})\.(\d{1,4})", version)
    return (int(found[1]), int(found[2])) if found else None
