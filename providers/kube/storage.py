"""The storage classes of a cluster, on which environments keep their homes."""

from dataclasses import dataclass

from providers.kube.client import KubeClient, connect
from providers.kube.document import Json
from providers.kube.errors import Forbidden, NotFound
from providers.target import ClusterTarget

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageClass:
    """`allows_expansion`: whether a volume of this class may grow later."""

    name: str
    is_default: bool
    allows_expansion: bool


async def storage_classes(target: ClusterTarget) -> list[StorageClass]:
    """In the cluster's order; none when the credential may not list them. Raises `KubeError`."""
    async with connect(target) as client:
        try:
            return await list_storage_classes(client)
        except Forbidden:
            return []


async def list_storage_classes(client: KubeClient) -> list[StorageClass]:
    """Over an open connection; raises `Forbidden`, and there are none on a cluster that does not serve that API."""
    try:
        answer = await client.get(CLASSES)
    except NotFound:
        return []
    return [_read(each) for each in answer.get("items") or []]


def _read(item: Json) -> StorageClass:
    metadata = item["metadata"]
    annotations = metadata.get("annotations") or {}
    return StorageClass(
        name=metadata["name"],
        is_default=any(annotations.get(each) == "true" for each in DEFAULT),
        allows_expansion=item.get("allowVolumeExpansion") is True,
    )
