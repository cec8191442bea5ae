"""Deployments: one ReplicaSet per pod template, exchanged step by step without losing availability."""

import copy
import math
from dataclasses import dataclass

from coderadmin.embedded.sandbox.controllers import conditions
from coderadmin.embedded.sandbox.controllers.context import Context
from coderadmin.embedded.sandbox.controllers.owned import controller_reference, owned_by, template_hash
from coderadmin.embedded.sandbox.controllers.rollout import HASH_LABEL, REVISION, Rollout
from coderadmin.embedded.sandbox.deleting import begin_deletion
from coderadmin.embedded.sandbox.store import Key, Object

SOURCE = "deployment-controller"
Owned = list[tuple[Key, Object]]


def reconcile(context: Context) -> None:
    for key, deployment in list(context.store.items("apps", "deployments")):
        if "deletionTimestamp" not in deployment["metadata"]:
            _reconcile_one(context, key, deployment)


def _reconcile_one(context: Context, key: Key, deployment: Object) -> None:
    if not deployment["spec"].get("paused"):
        current = _current_replica_set(context, deployment)
        rollout = _rollout(context, deployment)
        for name, replicas in rollout.wanted_replicas(current, context.store).items():
            _scale(context, deployment, Key("apps", "replicasets", key.namespace, name), replicas)
        _forget_old(context, deployment, rollout.old)
        revision = current["metadata"]["annotations"][REVISION]
    else:
        revision = deployment["metadata"].get("annotations", {}).get(REVISION, "0")
    rollout = _rollout(context, deployment)
    context.set_status(key, deployment, _status(context, rollout), {REVISION: revision})


def _rollout(context: Context, deployment: Object) -> Rollout:
    name = template_hash(deployment["spec"]["template"])
    owned = [one for _, one in owned_by(context.store, deployment, "apps", "replicasets")]
    new = next((one for one in owned if one["metadata"]["labels"].get(HASH_LABEL) == name), None)
    return Rollout(deployment, new, [one for one in owned if one is not new])


def _current_replica_set(context: Context, deployment: Object) -> Object:
    """The ReplicaSet of today's template, made when it is missing, carrying the latest revision."""
    name = template_hash(deployment["spec"]["template"])
    owned: Owned = list(owned_by(context.store, deployment, "apps", "replicasets"))
    latest = max((int(one["metadata"].get("annotations", {}).get(REVISION, 0)) for _, one in owned), default=0)
    for key, one in owned:
        if one["metadata"]["labels"].get(HASH_LABEL) != name:
            continue
        if int(one["metadata"]["annotations"][REVISION]) == latest:
            return one
        return context.change(key, lambda new: new["metadata"]["annotations"].update({REVISION: str(latest + 1)}))
    new = _make_replica_set(deployment, name, latest + 1)
    return context.store.create(Key("apps", "replicasets", *_place(new)), new)


def _place(value: Object) -> tuple[str, str]:
    return value["metadata"]["namespace"], value["metadata"]["name"]


def _make_replica_set(deployment: Object, name: str, revision: int) -> Object:
    metadata, spec = deployment["metadata"], deployment["spec"]
    template = copy.deepcopy(spec["template"])
    labels = template["metadata"].get("labels", {}) | {HASH_LABEL: name}
    template["metadata"]["labels"] = labels
    selector = copy.deepcopy(spec["selector"])
    selector["matchLabels"] = selector.get("matchLabels", {}) | {HASH_LABEL: name}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{name}",
            "namespace": metadata["namespace"],
            "generation": 1,
            "labels": dict(labels),
            "annotations": {
                REVISION: str(revision),
                "deployment.kubernetes.io/desired-replicas": str(spec["replicas"]),
            },
            "ownerReferences": [controller_reference(deployment)],
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
        "status": {"replicas": 0},
    }


def _scale(context: Context, deployment: Object, key: Key, replicas: int) -> None:
    before = context.store[key]["spec"]["replicas"]
    if before == replicas:
        return
    context.change(key, lambda new: new["spec"].update(replicas=replicas))
    direction = "up" if replicas > before else "down"
    message = f"Scaled {direction} replica set {key.name} from {before} to {replicas}"
    context.event(deployment, "ScalingReplicaSet", message, source=SOURCE)


def _forget_old(context: Context, deployment: Object, old: list[Object]) -> None:
    """Keep no more emptied ReplicaSets than `revisionHistoryLimit`."""
    empty = [one for one in old if one["spec"]["replicas"] == 0 and one["status"].get("replicas", 0) == 0]
    empty.sort(key=lambda one: int(one["metadata"]["annotations"][REVISION]))
    excess = len(empty) - deployment["spec"]["revisionHistoryLimit"]
    for one in empty[: max(excess, 0)]:
        begin_deletion(context.store, Key("apps", "replicasets", *_place(one)))


def _status(context: Context, rollout: Rollout) -> Object:
    deployment = rollout.deployment
    counts = rollout.counts()
    status: Object = {"observedGeneration": deployment["metadata"]["generation"], **counts}
    enough = rollout.available >= rollout.least_available
    reason = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
    sentence = f"Deployment {'has' if enough else 'does not have'} minimum availability."
    status["conditions"] = [conditions.make_dated(deployment, "Available", enough, reason, sentence)]
    progress = _progress(context, rollout, counts)
    shown = conditions.make_dated(deployment, "Progressing", progress.going, progress.reason, progress.message)
    status["conditions"].append(shown)
    if rollout.new and (failure := conditions.find(rollout.new, "ReplicaFailure")):
        message = failure["message"]
        status["conditions"].append(conditions.make_dated(deployment, "ReplicaFailure", True, "FailedCreate", message))
    return status


@dataclass(frozen=True)
class _Progress:
    going: bool
    reason: str
    message: str


def _progress(context: Context, rollout: Rollout, counts: dict[str, int]) -> _Progress:
    deployment = rollout.deployment
    name = rollout.new["metadata"]["name"] if rollout.new else ""
    if rollout.is_complete:
        return _Progress(True, "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
    if deployment["spec"].get("paused"):
        return _Progress(True, "DeploymentPaused", "Deployment is paused")
    metadata = deployment["metadata"]
    step = ("progress", metadata["uid"], metadata["generation"], *sorted(counts.items()))
    seconds = deployment["spec"]["progressDeadlineSeconds"]
    if context.is_due(step, math.inf if seconds >= 2**31 - 1 else seconds):
        return _Progress(False, "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
    return _Progress(True, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
