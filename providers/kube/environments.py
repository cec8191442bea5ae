"""Environments on a provider's cluster: apply, stop, delete, observe. All of it can be repeated."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from providers.kube import labels
from providers.kube.client import KubeClient, connect, namespaced
from providers.kube.diagnose import CLAIMS, read_warnings
from providers.kube.document import Json
from providers.kube.environment_objects import EnvironmentSpec, make_objects
from providers.kube.environment_state import Observation, judge, needs_explanation
from providers.kube.errors import NOT_UNDERSTOOD, Conflict, Forbidden, Invalid, KubeError, Reason
from providers.kube.listing import list_all
from providers.kube.probe import MALFORMED
from providers.kube.quantities import number_of
from providers.target import ClusterTarget

__all__ = ["Observation", "apply_environment", "delete_environment", "observe_environment", "observe_environments"]
__all__ += ["stop_environment"]

RESOURCES = {
    "Deployment": ("apps/v1", "deployments"),
    "Service": ("v1", "services"),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies"),
    "ServiceAccount": ("v1", "serviceaccounts"),
    "PersistentVolumeClaim": ("v1", CLAIMS),
}
"""In the order in which they are deleted: what uses the others goes first, the data last."""


async def apply_environment(target: ClusterTarget, spec: EnvironmentSpec, on_line: Callable[[str], None]) -> None:
    """Make the cluster hold what `spec` says; `on_line` gets one line per object.

    Fields of ours that somebody changed are taken back. Raises `KubeError`; `Invalid`, before anything is written,
    when the home would have to shrink.
    """
    async with connect(target) as client:
        with _understood():
            claim = await client.get_or_none(_path(target, "PersistentVolumeClaim", spec.object_name))
            objects = [_beside(made, claim) for made in make_objects(spec, target.namespace)]
        for made in objects:
            try:
                await client.apply(_path(target, made["kind"], spec.object_name), made, force=True)
            except (Forbidden, Invalid) as error:
                raise _why_not(made, claim, error) from error
            on_line(f"{made['kind']} {spec.object_name} is applied.")


async def stop_environment(target: ClusterTarget, object_name: str) -> bool:
    """Scale to nothing; the home stays. Whether there was a Deployment to stop. Raises `KubeError`."""
    async with connect(target) as client:
        return await client.scale(_path(target, "Deployment", object_name), 0)


async def delete_environment(target: ClusterTarget, object_name: str) -> list[str]:
    """Take away all objects, with the home and all data in it; what is gone already is no trouble.

    Returns what was there, like “Deployment env-…”. Raises `KubeError`.
    """
    async with connect(target) as client:
        return [f"{kind} {object_name}" for kind in RESOURCES if await client.delete(_path(target, kind, object_name))]


async def observe_environment(target: ClusterTarget, object_name: str) -> Observation:
    """Raises `KubeError`."""
    async with connect(target) as client:
        with _understood():
            deployment = await client.get_or_none(_path(target, "Deployment", object_name))
            claim = await client.get_or_none(_path(target, "PersistentVolumeClaim", object_name))
            query = {"labelSelector": f"{labels.ENVIRONMENTS},{labels.INSTANCE}={object_name}"}
            pods = await list_all(client, namespaced(target, "v1", "pods"), query=query)
            warnings = await read_warnings(client) if needs_explanation(deployment) else []
            return judge(object_name, deployment, pods, claim, warnings)


async def observe_environments(target: ClusterTarget) -> dict[UUID, Observation]:
    """All environments of the namespace, by id; nothing is left of one that is not in it. Raises `KubeError`.

    Three lists, whatever the number of environments, and one of events when one of them is in trouble.
    """
    async with connect(target) as client:
        with _understood():
            deployments = _by_name(await _list(client, "Deployment"))
            claims = _by_name(await _list(client, "PersistentVolumeClaim"))
            pods: dict[str, list[Json]] = defaultdict(list)
            for pod in await list_all(client, namespaced(target, "v1", "pods"), query=_OURS):
                pods[_labels(pod).get(labels.INSTANCE, "")].append(pod)
            is_troubled = any(needs_explanation(each) for each in deployments.values())
            warnings = await read_warnings(client) if is_troubled else []
            return {
                environment_id: judge(name, deployments.get(name), pods[name], claims.get(name), warnings)
                for name, environment_id in _ids([*deployments.values(), *claims.values()])
            }


_OURS = {"labelSelector": labels.ENVIRONMENTS}


async def _list(client: KubeClient, kind: str) -> list[Json]:
    return await list_all(client, namespaced(client.target, *RESOURCES[kind]), query=_OURS)


def _by_name(things: Iterable[Json]) -> dict[str, Json]:
    """By the name of the environment's objects; copies that somebody made under other names are left out."""
    named = ((thing["metadata"]["name"], thing) for thing in things)
    return {name: thing for name, thing in named if _labels(thing).get(labels.INSTANCE) == name}


def _ids(things: Iterable[Json]) -> Iterator[tuple[str, UUID]]:
    for thing in things:
        try:
            yield thing["metadata"]["name"], UUID(_labels(thing)[labels.ENVIRONMENT])
        except ValueError:  # a label that is none of ours
            continue


def _labels(thing: Json) -> dict[str, str]:
    return thing["metadata"].get("labels") or {}


def _path(target: ClusterTarget, kind: str, name: str) -> str:
    return namespaced(target, *RESOURCES[kind], name)


def _beside(made: Json, claim: Json | None) -> Json:
    """The object as it fits to the claim that is there: its class is never changed, its size never shrinks."""
    if made["kind"] != "PersistentVolumeClaim" or claim is None:
        return made
    name = claim["metadata"]["name"]
    if claim["metadata"].get("deletionTimestamp"):
        raise Conflict(Reason.UNEXPECTED, f"The volume claim {name} is being deleted: wait until it is gone.")
    before, after = _size(claim), _size(made)
    if number_of(after) < number_of(before):
        raise Invalid(Reason.UNEXPECTED, f"A home never shrinks: it has {before} on the cluster, {after} are wanted.")
    spec = {key: value for key, value in made["spec"].items() if key != "storageClassName"}
    kept = claim["spec"].get("storageClassName")
    return made | {"spec": spec | ({} if kept is None else {"storageClassName": kept})}


def _size(claim: Json) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def _why_not(made: Json, claim: Json | None, error: KubeError) -> KubeError:
    """A plain sentence where a home could not grow; else the error as it is."""
    if made["kind"] != "PersistentVolumeClaim" or claim is None or number_of(_size(made)) == number_of(_size(claim)):
        return error
    growth = f"The home cannot grow from {_size(claim)} to {_size(made)}"
    if "must support resize" in error.message:
        storage_class = claim["spec"].get("storageClassName")
        named = f"its storage class {storage_class}" if storage_class else "its volume, which has no storage class,"
        return Invalid(Reason.UNEXPECTED, f"{growth}: {named} does not allow expansion.", status=error.status)
    if claim.get("status", {}).get("phase") != "Bound" and isinstance(error, Invalid):
        return Invalid(Reason.UNEXPECTED, f"{growth} before its volume has been provided.", status=error.status)
    return error


@contextmanager
def _understood() -> Iterator[None]:
    """What no Kubernetes API would send becomes a `KubeError`."""
    try:
        yield
    except MALFORMED as error:
        raise KubeError(Reason.UNEXPECTED, NOT_UNDERSTOOD) from error
