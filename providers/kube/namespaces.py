"""The namespace of a provider."""

from providers.kube.client import KubeClient, connect, namespace_path
from providers.kube.errors import shorten
from providers.target import ClusterTarget

WORD_LIMIT = 32  # characters


async def namespace_exists(target: ClusterTarget) -> bool:
    """Raises `KubeError`, also when the credential may not look."""
    async with connect(target) as client:
        return await client.get_or_none(namespace_path(target)) is not None


async def ensure_namespace(target: ClusterTarget) -> bool:
    """Whether it was made now. Raises `KubeError` when it is neither there nor may be created."""
    async with connect(target) as client:
        if await client.get_or_none(namespace_path(target)) is not None:
            return False
        return await client.create("/api/v1/namespaces", make_namespace(target.namespace)) is not None


async def namespace_phase(client: KubeClient) -> str:
    """`Active` or `Terminating`. Raises `NotFound` when it is not there."""
    namespace = await client.get(namespace_path(client.target))
    return shorten(str(namespace.get("status", {}).get("phase", "Active")), WORD_LIMIT)


def make_namespace(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
