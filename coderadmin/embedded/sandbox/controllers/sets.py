"""StatefulSets, DaemonSets and Jobs, as far as anybody here looks at them."""

from coderadmin.embedded.sandbox.controllers import conditions
from coderadmin.embedded.sandbox.controllers.context import Context
from coderadmin.embedded.sandbox.controllers.owned import (
    CreateRefusedError,
    create_pod,
    is_active,
    is_ready,
    owned_by,
    template_hash,
)
from coderadmin.embedded.sandbox.deleting import begin_deletion
from coderadmin.embedded.sandbox.store import Key, Object, timestamp

REVISION_LABEL = "controller-revision-hash"


def reconcile(context: Context) -> None:
    for plural, reconcile_one in (("statefulsets", _stateful_set), ("daemonsets", _daemon_set)):
        for key, one in list(context.store.items("apps", plural)):
            if "deletionTimestamp" not in one["metadata"]:
                reconcile_one(context, key, one)
    for key, job in list(context.store.items("batch", "jobs")):
        if "deletionTimestamp" not in job["metadata"] and not conditions.is_true(job, "Complete"):
            _job(context, key, job)


def _pods(context: Context, owner: Object) -> dict[str, Object]:
    return {key.name: pod for key, pod in owned_by(context.store, owner, "", "pods")}


def _create(context: Context, owner: Object, name: str = "", revision: str = "") -> None:
    try:
        create_pod(context.store, owner, name, {REVISION_LABEL: revision} if revision else None)
    except CreateRefusedError as error:
        source = f"{owner['kind'].lower()}-controller"
        context.event_once(owner, "FailedCreate", f"create Pod failed: {error}", source=source, warning=True)


def _remove_outdated(
    context: Context, namespace: str, pods: dict[str, Object], wanted: list[str], revision: str
) -> None:
    """Take away pods beyond `wanted`, and one pod of an earlier template at a time, once all others are ready."""
    for name in [name for name in pods if name not in wanted and is_active(pods[name])]:
        begin_deletion(context.store, Key("", "pods", namespace, name))
    outdated = [name for name in wanted if pods[name]["metadata"]["labels"].get(REVISION_LABEL) != revision]
    if outdated and all(is_ready(pods[name]) or name == outdated[-1] for name in wanted):
        begin_deletion(context.store, Key("", "pods", namespace, outdated[-1]))


def _stateful_set(context: Context, key: Key, owner: Object) -> None:
    revision = f"{key.name}-{template_hash(owner['spec']['template'])}"
    wanted = [f"{key.name}-{number}" for number in range(owner["spec"]["replicas"])]
    pods = _pods(context, owner)
    missing = next((name for name in wanted if name not in pods), None)
    if missing is None:
        _remove_outdated(context, key.namespace, pods, wanted, revision)
    elif all(is_ready(pods[name]) for name in wanted[: wanted.index(missing)]):
        _create(context, owner, missing, revision)
    pods = _pods(context, owner)
    updated = sum(1 for pod in pods.values() if pod["metadata"]["labels"].get(REVISION_LABEL) == revision)
    ready = sum(1 for pod in pods.values() if is_ready(pod))
    status = {"observedGeneration": owner["metadata"]["generation"], "replicas": len(pods), "readyReplicas": ready}
    status |= {"availableReplicas": ready, "updatedReplicas": updated, "currentReplicas": updated}
    status |= {"currentRevision": revision, "updateRevision": revision}
    context.set_status(key, owner, status)


def _daemon_set(context: Context, key: Key, owner: Object) -> None:
    revision = template_hash(owner["spec"]["template"])
    wanted = [f"{key.name}-{node['metadata']['name']}" for node in context.store.objects("", "nodes")]
    pods = _pods(context, owner)
    missing = [name for name in wanted if name not in pods]
    for name in missing:
        _create(context, owner, name, revision)
    if not missing:
        _remove_outdated(context, key.namespace, pods, wanted, revision)
    pods = _pods(context, owner)
    ready = sum(1 for pod in pods.values() if is_ready(pod))
    updated = sum(1 for pod in pods.values() if pod["metadata"]["labels"].get(REVISION_LABEL) == revision)
    status = {"observedGeneration": owner["metadata"]["generation"], "desiredNumberScheduled": len(wanted)}
    status |= {"currentNumberScheduled": len(pods), "updatedNumberScheduled": updated, "numberMisscheduled": 0}
    context.set_status(key, owner, status | {"numberReady": ready, "numberAvailable": ready})


def _job(context: Context, key: Key, job: Object) -> None:
    pods = _pods(context, job)
    succeeded = sum(1 for pod in pods.values() if pod["status"]["phase"] == "Succeeded")
    active = sum(1 for pod in pods.values() if is_active(pod))
    wanted = min(job["spec"]["parallelism"], job["spec"]["completions"] - succeeded)
    for _ in range(max(wanted - active, 0)):
        _create(context, job)
    status: Object = {"startTime": job["status"].get("startTime") or timestamp()}
    status |= {name: count for name, count in (("active", active), ("succeeded", succeeded)) if count}
    if succeeded >= job["spec"]["completions"]:
        status |= {"completionTime": timestamp(), "conditions": [conditions.make(job, "Complete", True)]}
    context.set_status(key, job, status)
