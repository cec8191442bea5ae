"""Pod Security admission: what the namespace's label `enforce` asks of its pods, at the level "restricted"."""

from collections.abc import Iterator
from typing import Any

from coderadmin.embedded.sandbox.store import Key, Object, Store

ENFORCE = "pod-security.kubernetes.io/enforce"
_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
_PROFILES = ("RuntimeDefault", "Localhost")


def security_refusal(store: Store, pod: Object) -> str:
    """Why the pod may not be in its namespace, empty when it may."""
    namespace = store.get(Key("", "namespaces", "", pod["metadata"]["namespace"]))
    labels = (namespace or {}).get("metadata", {}).get("labels") or {}
    if labels.get(ENFORCE) != "restricted":
        return ""
    found = ", ".join(_violations(pod["spec"]))
    return f'violates PodSecurity "restricted:latest": {found}' if found else ""


def _violations(spec: Object) -> Iterator[str]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield f"host namespaces ({name}=true)"
    for volume in spec.get("volumes") or []:
        if kinds := sorted(volume.keys() - _VOLUMES - {"name"}):
            yield f'restricted volume types (volume "{volume["name"]}" uses restricted volume type "{kinds[0]}")'
    whole = spec.get("securityContext") or {}
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        yield from _container_violations(container["name"], container.get("securityContext") or {}, whole)


def _container_violations(name: str, own: dict[str, Any], whole: dict[str, Any]) -> Iterator[str]:
    if own.get("privileged"):
        yield f'privileged (container "{name}" must not set securityContext.privileged=true)'
    if own.get("allowPrivilegeEscalation") is not False:
        must = "must set securityContext.allowPrivilegeEscalation=false"
        yield f'allowPrivilegeEscalation != false (container "{name}" {must})'
    if "ALL" not in ((own.get("capabilities") or {}).get("drop") or []):
        yield f'unrestricted capabilities (container "{name}" must set securityContext.capabilities.drop=["ALL"])'
    if own.get("runAsNonRoot", whole.get("runAsNonRoot")) is not True:
        yield f'runAsNonRoot != true (pod or container "{name}" must set securityContext.runAsNonRoot=true)'
    if own.get("runAsUser", whole.get("runAsUser")) == 0:
        yield f'runAsUser=0 (container "{name}" must not set runAsUser=0)'
    profile = own.get("seccompProfile") or whole.get("seccompProfile") or {}
    if profile.get("type") not in _PROFILES:
        must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield f'seccompProfile (pod or container "{name}" {must})'
