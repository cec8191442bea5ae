"""ReplicaSets: as many pods as wanted, and an honest word when they cannot be made."""

from coderadmin.embedded.sandbox.controllers import conditions
from coderadmin.embedded.sandbox.controllers.context import Context
from coderadmin.embedded.sandbox.controllers.owned import CreateRefusedError, create_pod, is_active, is_ready, owned_by
from coderadmin.embedded.sandbox.deleting import begin_deletion
from coderadmin.embedded.sandbox.store import Key, Object

SOURCE = "replicaset-controller"


def reconcile(context: Context) -> None:
    for key, replica_set in list(context.store.items("apps", "replicasets")):
        if "deletionTimestamp" not in replica_set["metadata"]:
            _reconcile_one(context, key, replica_set)


def _reconcile_one(context: Context, key: Key, replica_set: Object) -> None:
    pods = _active_pods(context, replica_set)
    missing = replica_set["spec"]["replicas"] - len(pods)
    failure = _create_pods(context, replica_set, missing)
    for pod_key, pod in sorted(pods, key=lambda found: is_ready(found[1]))[: max(-missing, 0)]:
        begin_deletion(context.store, pod_key)
        context.event(replica_set, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}", source=SOURCE)
    context.set_status(key, replica_set, _status(replica_set, _active_pods(context, replica_set), failure))


def _create_pods(context: Context, replica_set: Object, missing: int) -> str:
    """Make the missing pods; what stood in the way, or an empty text."""
    for _ in range(missing):
        try:
            pod = create_pod(context.store, replica_set)
        except CreateRefusedError as error:
            message = f"Error creating: {error}"
            context.event_once(replica_set, "FailedCreate", _without_name(message), source=SOURCE, warning=True)
            return _without_name(str(error))
        context.event(replica_set, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}", source=SOURCE)
    return ""


def _without_name(message: str) -> str:
    """Each attempt has another random pod name; the message is kept steady so that it is told once."""
    head, quote, rest = message.partition('pods "')
    if not quote:
        return message
    name, _, tail = rest.partition('"')
    return f'{head}pods "{name[:-5]}"{tail}'


def _active_pods(context: Context, replica_set: Object) -> list[tuple[Key, Object]]:
    return [(key, pod) for key, pod in owned_by(context.store, replica_set, "", "pods") if is_active(pod)]


def _status(replica_set: Object, pods: list[tuple[Key, Object]], failure: str) -> Object:
    ready = sum(1 for _, pod in pods if is_ready(pod))
    status: Object = {"replicas": len(pods), "observedGeneration": replica_set["metadata"]["generation"]}
    if pods:
        status["fullyLabeledReplicas"] = len(pods)
    if ready:
        status |= {"readyReplicas": ready, "availableReplicas": ready}
    if failure:
        status["conditions"] = [conditions.make(replica_set, "ReplicaFailure", True, "FailedCreate", failure)]
    return status
