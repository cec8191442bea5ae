"""Decisions about a write that need other objects: its namespace, quota, and permissions handed on."""

from collections.abc import Iterator
from typing import Any

from coderadmin.embedded.sandbox.errors import forbidden, namespace_not_found
from coderadmin.embedded.sandbox.identity import User
from coderadmin.embedded.sandbox.pod_security import security_refusal
from coderadmin.embedded.sandbox.quantities import as_number
from coderadmin.embedded.sandbox.rbac import Attributes, is_allowed, lacks_any, role_rules
from coderadmin.embedded.sandbox.resources import RBAC, ResourceType
from coderadmin.embedded.sandbox.store import Key, Object, Store

_COUNTED = {"pods", "services", "secrets", "configmaps", "persistentvolumeclaims"}


def admit_new(store: Store, resource: ResourceType, new: Object, user: User) -> None:
    """Raise 404 or 403 when this object may not be created now."""
    if resource.namespaced:
        _admit_namespace(store, resource, new)
        if why := quota_refusal(store, resource.plural, resource.group, new):
            raise forbidden(resource, new["metadata"]["name"], why)
        if resource.plural == "pods" and (why := security_refusal(store, new)):
            raise forbidden(resource, new["metadata"]["name"], why)
    admit_permissions(store, resource, new, user)


def admit_permissions(store: Store, resource: ResourceType, new: Object, user: User) -> None:
    """Raise 403 when a role or binding would give what its writer does not have."""
    if resource.group != RBAC:
        return
    metadata = new["metadata"]
    namespace, name = metadata.get("namespace", ""), metadata["name"]
    if "roleRef" in new:
        reference = new["roleRef"]
        plural = "clusterroles" if reference["kind"] == "ClusterRole" else "roles"
        if is_allowed(store, user, Attributes("bind", RBAC, plural, "", namespace, reference["name"])):
            return
        rules = role_rules(store, reference, namespace)
    else:
        if is_allowed(store, user, Attributes("escalate", RBAC, resource.plural, "", namespace, name)):
            return
        rules = new.get("rules") or []
    if lacks_any(store, user, rules, namespace):
        groups = " ".join(f'"{group}"' for group in user.groups)
        why = f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held'
        raise forbidden(resource, name, why)


def quota_refusal(store: Store, plural: str, group: str, new: Object) -> str:
    """Why a ResourceQuota of the namespace does not allow this object, empty when all do."""
    for quota in store.objects("", "resourcequotas", new["metadata"]["namespace"]):
        hard = quota.get("spec", {}).get("hard", {})
        asked = {name: amount for name, amount in usage_of(plural, group, new).items() if name in hard}
        used = quota_usage(store, quota)
        over = [name for name, amount in asked.items() if used[name] + amount > as_number(hard[name])]
        if over:
            names = quota["metadata"]["name"]
            parts = [_listed(values, over) for values in (asked, used, hard)]
            return f"exceeded quota: {names}, requested: {parts[0]}, used: {parts[1]}, limited: {parts[2]}"
    return ""


def quota_usage(store: Store, quota: Object) -> dict[str, float]:
    """What the namespace uses of each resource that the quota limits."""
    total = dict.fromkeys(quota.get("spec", {}).get("hard", {}), 0.0)
    for name, amount in _namespace_usage(store, quota["metadata"]["namespace"]):
        if name in total:
            total[name] += amount
    return total


def usage_of(plural: str, group: str, value: Object) -> dict[str, float]:
    """What one object counts for, by the names that quotas use."""
    usage = {f"count/{plural}.{group}" if group else f"count/{plural}": 1.0}
    if not group and plural in _COUNTED:
        usage[plural] = 1.0
    if not group and plural == "pods":
        for kind in ("requests", "limits"):
            for name, amount in pod_resources(value, kind).items():
                usage[f"{kind}.{name}"] = amount
                if kind == "requests":
                    usage[name] = amount
    return usage


def pod_resources(pod: Object, kind: str) -> dict[str, float]:
    """The sum over the pod's containers of `requests` or `limits`, in cores and bytes."""
    total: dict[str, float] = {}
    for container in pod.get("spec", {}).get("containers", []):
        amounts: dict[str, Any] = container.get("resources", {}).get(kind) or {}
        for name, amount in amounts.items():
            total[name] = total.get(name, 0.0) + as_number(amount)
    return total


def _namespace_usage(store: Store, namespace: str) -> Iterator[tuple[str, float]]:
    for key, value in store.everything():
        if key.namespace == namespace and value.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            yield from usage_of(key.plural, key.group, value).items()


def _admit_namespace(store: Store, resource: ResourceType, new: Object) -> None:
    name = new["metadata"]["namespace"]
    namespace = store.get(Key("", "namespaces", "", name))
    if namespace is None:
        raise namespace_not_found(name)
    if "deletionTimestamp" in namespace["metadata"]:
        why = f"unable to create new content in namespace {name} because it is being terminated"
        cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated"}
        raise forbidden(resource, new["metadata"]["name"], why, [cause | {"field": "metadata.namespace"}])


def _listed(values: dict[str, Any], names: list[str]) -> str:
    return ",".join(f"{name}={_shown(values[name])}" for name in names)


def _shown(amount: Any) -> str:
    return f"{amount:g}" if isinstance(amount, float) else str(amount)
