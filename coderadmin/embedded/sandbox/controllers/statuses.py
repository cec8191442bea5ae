"""Objects whose status only has to be filled in: volume claims, quotas, custom resource definitions, old events."""

from datetime import UTC, datetime, timedelta

from coderadmin.embedded.sandbox.admission import quota_usage
from coderadmin.embedded.sandbox.bootstrap import STORAGE_CLASS
from coderadmin.embedded.sandbox.controllers import conditions
from coderadmin.embedded.sandbox.controllers.context import Context
from coderadmin.embedded.sandbox.defaults import CLAIM_PROTECTION
from coderadmin.embedded.sandbox.store import Key, Object

EVENT_LIFE = timedelta(hours=1)


def reconcile(context: Context) -> None:
    for key, claim in list(context.store.items("", "persistentvolumeclaims")):
        _claim(context, key, claim)
    for key, quota in list(context.store.items("", "resourcequotas")):
        hard = quota.get("spec", {}).get("hard", {})
        used = {name: f"{amount:g}" for name, amount in quota_usage(context.store, quota).items()}
        context.set_status(key, quota, {"hard": hard, "used": used})
    for key, definition in list(context.store.items("apiextensions.k8s.io", "customresourcedefinitions")):
        _definition(context, key, definition)
    _forget_old_events(context)


def _claim(context: Context, key: Key, claim: Object) -> None:
    spec = claim["spec"]
    if "deletionTimestamp" in claim["metadata"]:
        if CLAIM_PROTECTION in claim["metadata"].get("finalizers", []) and not _is_used(context, key):
            context.change(key, lambda new: new["metadata"]["finalizers"].remove(CLAIM_PROTECTION))
        return
    storage_class = spec.get("storageClassName", STORAGE_CLASS)
    if claim["status"].get("phase") == "Bound":
        if claim["status"]["capacity"] != spec["resources"]["requests"]:
            context.set_status(key, claim, claim["status"] | {"capacity": dict(spec["resources"]["requests"])})
        return
    if context.store.get(Key("storage.k8s.io", "storageclasses", "", storage_class)) is None:
        message = f'storageclass.storage.k8s.io "{storage_class}" not found'
        source = "persistentvolume-controller"
        context.event_once(claim, "ProvisioningFailed", message, source=source, warning=True)
        return
    volume = f"pvc-{claim['metadata']['uid']}"
    context.change(key, lambda new: new["spec"].update(volumeName=volume, storageClassName=storage_class))
    capacity = spec["resources"]["requests"]
    context.set_status(
        key, context.store[key], {"phase": "Bound", "accessModes": spec["accessModes"], "capacity": capacity}
    )


def _is_used(context: Context, key: Key) -> bool:
    """Whether a pod on a node that has not ended names this claim."""
    pods = [pod for pod in context.store.objects("", "pods", key.namespace) if pod["spec"].get("nodeName")]
    volumes = [one for pod in pods if pod["status"]["phase"] in ("Pending", "Running") for one in _volumes(pod)]
    return any((one.get("persistentVolumeClaim") or {}).get("claimName") == key.name for one in volumes)


def _volumes(pod: Object) -> list[Object]:
    return pod["spec"].get("volumes") or []


def _definition(context: Context, key: Key, definition: Object) -> None:
    spec = definition["spec"]
    status = {
        "conditions": [
            conditions.make(definition, "NamesAccepted", True, "NoConflicts", "no conflicts found"),
            conditions.make(
                definition, "Established", True, "InitialNamesAccepted", "the initial names have been accepted"
            ),
        ],
        "acceptedNames": spec["names"],
        "storedVersions": [version["name"] for version in spec["versions"] if version.get("storage")],
    }
    context.set_status(key, definition, status)


def _forget_old_events(context: Context) -> None:
    oldest = (datetime.now(UTC) - EVENT_LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
    for key, event in list(context.store.items("", "events")):
        if event["metadata"]["creationTimestamp"] < oldest:
            context.store.remove(key)
