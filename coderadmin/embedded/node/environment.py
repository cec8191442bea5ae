"""What a pod's program finds in its environment: values, Secrets, ConfigMaps and facts of the pod."""

import base64

from coderadmin.embedded.node.api import Api, ApiError, Object


class ConfigMissingError(Exception):
    """A Secret, ConfigMap or key that the pod names is not there; the words are those of a kubelet."""


async def pod_environment(api: Api, pod: Object) -> dict[str, str]:
    """The variables of the first container. Raises ConfigMissingError, ApiError."""
    found: dict[str, str] = {}
    for variable in pod["spec"]["containers"][0].get("env") or []:
        value = await _value(api, pod, variable)
        if value is not None:
            found[variable["name"]] = value
    return found


async def _value(api: Api, pod: Object, variable: Object) -> str | None:
    source = variable.get("valueFrom") or {}
    if field := source.get("fieldRef"):
        return _field(pod, field["fieldPath"])
    for kind, plural, reference in (
        ("secret", "secrets", source.get("secretKeyRef")),
        ("configmap", "configmaps", source.get("configMapKeyRef")),
    ):
        if reference:
            return await _key(api, pod, kind, plural, reference)
    return str(variable.get("value", ""))


def _field(pod: Object, path: str) -> str:
    known = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", ""),
    }
    if path not in known:
        raise ConfigMissingError(f"this node can't tell the field {path}")
    return str(known[path])


async def _key(api: Api, pod: Object, kind: str, plural: str, reference: Object) -> str | None:
    namespace, name, key = pod["metadata"]["namespace"], reference["name"], reference["key"]
    try:
        data = (await api.get(f"/api/v1/namespaces/{namespace}/{plural}/{name}")).get("data") or {}
    except ApiError as error:
        if error.status != 404:
            raise
        data = None
    if data is not None and key in data:
        return base64.b64decode(data[key]).decode() if kind == "secret" else str(data[key])
    if reference.get("optional"):
        return None
    if data is None:
        raise ConfigMissingError(f'{kind} "{name}" not found')
    raise ConfigMissingError(f"couldn't find key {key} in {kind.title()} {namespace}/{name}")
