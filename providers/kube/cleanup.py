"""What of ours is left in a namespace: for “this stays behind” and for a second look after a delete."""

from dataclasses import dataclass

from providers.kube.client import METADATA_ONLY, KubeClient, connect, namespaced
from providers.kube.document import Json
from providers.kube.errors import Forbidden, NotFound
from providers.kube.labels import FIELD_MANAGER, INSTANCE, MANAGED_BY
from providers.kube.probe import RELEASE_NAME
from providers.target import ClusterTarget

KINDS = (
    ("apps/v1", "deployments"),
    ("v1", "pods"),
    ("v1", "services"),
    ("v1", "persistentvolumeclaims"),
    ("v1", "secrets"),
    ("v1", "configmaps"),
    ("v1", "serviceaccounts"),
    ("networking.k8s.io/v1", "ingresses"),
    ("networking.k8s.io/v1", "networkpolicies"),
    ("rbac.authorization.k8s.io/v1", "roles"),
    ("rbac.authorization.k8s.io/v1", "rolebindings"),
)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """`objects` like “secrets/envproxy-token”; `unseen` are the resources that the credential may not list."""

    objects: tuple[str, ...]
    unseen: tuple[str, ...]


async def find_leftovers(target: ClusterTarget, *, release_name: str = RELEASE_NAME) -> Leftovers:
    """Objects of the release, of Helm's memory of it, and of environments. Raises `KubeError`."""
    objects: list[str] = []
    unseen: list[str] = []
    async with connect(target) as client:
        for group_version, resource in KINDS:
            try:
                found = await _list(client, group_version, resource, f"{MANAGED_BY} in (Helm, {FIELD_MANAGER})")
            except Forbidden:
                unseen.append(resource)
                continue
            objects += [f"{resource}/{each['name']}" for each in found if _is_ours(each, release_name)]
        if "secrets" not in unseen:
            memory = await _list(client, "v1", "secrets", f"owner=helm,name={release_name}")
            objects += [f"secrets/{each['name']}" for each in memory]
    return Leftovers(tuple(objects), tuple(unseen))


async def _list(client: KubeClient, group_version: str, resource: str, selector: str) -> list[Json]:
    """The metadata of what the selector finds; nothing when the cluster does not know the resource."""
    path = namespaced(client.target, group_version, resource)
    try:
        answer = await client.get(path, query={"labelSelector": selector}, accept=METADATA_ONLY)
    except NotFound:
        return []
    return [item["metadata"] for item in answer.get("items") or []]


def _is_ours(metadata: Json, release_name: str) -> bool:
    """Helm marks its objects with the release's name; pods get the label by their template and are told by instance."""
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    if labels.get(MANAGED_BY) == FIELD_MANAGER:
        return True
    owner = annotations.get("meta.helm.sh/release-name") or labels.get(INSTANCE)
    return bool(owner == release_name)
