"""Refusals of objects that a cluster would not take: names, required fields, values, and fields that cannot change."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

from coderadmin.embedded.sandbox.errors import bad_request, invalid
from coderadmin.embedded.sandbox.resources import RBAC, ResourceType
from coderadmin.embedded.sandbox.selectors import selects
from coderadmin.embedded.sandbox.store import Object

Cause = tuple[str, str, str]
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SERVICE_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED_NAME = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_PERCENTAGE = re.compile(r"[0-9]+%")
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character"
)
_SERVICE_LABEL_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character"
)


def validate_new(resource: ResourceType, value: Object) -> None:
    """Raise 422 with every cause found in an object that is to be stored."""
    _refuse(resource, value, [*_name(resource, value), *_labels(value), *_content(value)])


def validate_change(resource: ResourceType, old: Object, new: Object) -> None:
    """As `validate_new`, and also fields that cannot change after creation."""
    _refuse(resource, new, [*_labels(new), *_content(new), *_frozen(old, new)])


def check_identity(resource: ResourceType, value: Object, *, name: str, namespace: str) -> None:
    """400 when the body says another type, name or namespace than the path."""
    said = (value.get("apiVersion") or resource.api_version, value.get("kind") or resource.kind)
    if said != (resource.api_version, resource.kind):
        raise bad_request(
            f"{said[1]} in version {said[0]!r} cannot be handled as a {resource.kind}: the API version or kind "
            f"in the data does not match the expected {resource.api_version} {resource.kind}"
        )
    metadata = value.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise bad_request("metadata is not an object")
    if resource.namespaced and metadata.get("namespace") not in (None, "", namespace):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if name and metadata.get("name") not in (None, "", name):
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")


def _refuse(resource: ResourceType, value: Object, causes: list[Cause]) -> None:
    if causes:
        raise invalid(resource, value["metadata"].get("name", ""), causes)


def _name(resource: ResourceType, value: Object) -> Iterator[Cause]:
    name = value["metadata"].get("name", "")
    if not name:
        yield "FieldValueRequired", "metadata.name", "Required value: name or generateName is required"
    elif resource.group == RBAC:
        if name in (".", "..") or "/" in name or "%" in name:
            yield _bad("metadata.name", name, "may not contain '/' or '%'")
    elif resource.plural in ("namespaces", "services"):
        is_namespace = resource.plural == "namespaces"
        if not (_LABEL if is_namespace else _SERVICE_LABEL).fullmatch(name):
            yield _bad("metadata.name", name, _LABEL_RULE if is_namespace else _SERVICE_LABEL_RULE)
    elif len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        yield _bad("metadata.name", name, _SUBDOMAIN_RULE)


def _labels(value: Object) -> Iterator[Cause]:
    labels = value["metadata"].get("labels") or {}
    for key, text in labels.items():
        if not _QUALIFIED_NAME.fullmatch(key):
            yield _bad("metadata.labels", key, "name part must consist of alphanumeric characters, '-', '_' or '.'")
        if not _LABEL_VALUE.fullmatch(text):
            yield _bad(
                "metadata.labels",
                text,
                "a valid label must be an empty string or consist of alphanumeric "
                "characters, '-', '_' or '.', and at most 63 characters",
            )
    for key in value["metadata"].get("annotations") or {}:
        if not _QUALIFIED_NAME.fullmatch(key):
            yield _bad(
                "metadata.annotations", key, "name part must consist of alphanumeric characters, '-', '_' or '.'"
            )


def _content(value: Object) -> Iterator[Cause]:
    check = _BY_KIND.get(value["kind"])
    if check is None:
        return
    yield from check(value)


def _frozen(old: Object, new: Object) -> Iterator[Cause]:
    immutable = "Invalid value: field is immutable"
    for path in _IMMUTABLE.get(new["kind"], ()):
        if _at(old, path) != _at(new, path):
            yield "FieldValueInvalid", ".".join(path), immutable
    if old.get("immutable") and any(old.get(part) != new.get(part) for part in ("data", "binaryData", "immutable")):
        yield "FieldValueForbidden", "data", "Forbidden: field is immutable when `immutable` is set"


def _workload(value: Object) -> Iterator[Cause]:
    spec = value.get("spec", {})
    template = spec.get("template", {})
    if value["kind"] != "Job":
        yield from _selector(spec, template)
    if spec.get("replicas", 0) < 0:
        yield _bad("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    yield from _rolling_amounts(spec)
    yield from _containers(template.get("spec"), "spec.template.spec.containers")
    restart = (template.get("spec") or {}).get("restartPolicy")
    if value["kind"] == "Job" and restart not in ("Never", "OnFailure"):
        yield (
            "FieldValueRequired",
            "spec.template.spec.restartPolicy",
            'Required value: valid values: "OnFailure", "Never"',
        )


def _selector(spec: Object, template: Object) -> Iterator[Cause]:
    labels = (template.get("metadata") or {}).get("labels") or {}
    selector = spec.get("selector")
    if not selector:
        yield "FieldValueRequired", "spec.selector", "Required value"
    if not selector or not selects(selector, labels):
        yield _bad("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _rolling_amounts(spec: Object) -> Iterator[Cause]:
    for name, amount in (spec.get("strategy", {}).get("rollingUpdate") or {}).items():
        if isinstance(amount, str) and not _PERCENTAGE.fullmatch(amount):
            why = "a valid percent string must be a numeric string followed by an ending '%'"
            yield _bad(f"spec.strategy.rollingUpdate.{name}", amount, why)


def _pod(value: Object) -> Iterator[Cause]:
    yield from _containers(value.get("spec"), "spec.containers")


def _containers(spec: Object | None, field: str) -> Iterator[Cause]:
    containers = (spec or {}).get("containers")
    if not containers:
        yield "FieldValueRequired", field, "Required value"
        return
    names = [container.get("name") for container in containers]
    for index, container in enumerate(containers):
        if not container.get("name"):
            yield "FieldValueRequired", f"{field}[{index}].name", "Required value"
        elif not _LABEL.fullmatch(container["name"]):
            yield _bad(f"{field}[{index}].name", container["name"], _LABEL_RULE)
        elif container["name"] in names[:index]:
            yield "FieldValueDuplicate", f"{field}[{index}].name", f'Duplicate value: "{container["name"]}"'
        if not container.get("image"):
            yield "FieldValueRequired", f"{field}[{index}].image", "Required value"
        for port in container.get("ports", []):
            if not 0 < port.get("containerPort", 0) < 65536:
                yield _bad(
                    f"{field}[{index}].ports", port.get("containerPort"), "must be between 1 and 65535, inclusive"
                )


def _service(value: Object) -> Iterator[Cause]:
    spec = value.get("spec", {})
    ports = spec.get("ports") or []
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        yield "FieldValueRequired", "spec.ports", "Required value"
    for index, port in enumerate(ports):
        if not 0 < port.get("port", 0) < 65536:
            yield _bad(f"spec.ports[{index}].port", port.get("port"), "must be between 1 and 65535, inclusive")
        if len(ports) > 1 and not port.get("name"):
            yield "FieldValueRequired", f"spec.ports[{index}].name", "Required value"


def _secret(value: Object) -> Iterator[Cause]:
    for key, text in (value.get("data") or {}).items():
        try:
            base64.b64decode(text, validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise bad_request('Secret in version "v1" cannot be handled as a Secret: illegal base64 data') from error
        yield from _data_key(key)


def _config_map(value: Object) -> Iterator[Cause]:
    for key in value.get("data") or {}:
        yield from _data_key(key)


def _data_key(key: str) -> Iterator[Cause]:
    if not _DATA_KEY.fullmatch(key):
        yield _bad(f"data[{key}]", key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'")


def _binding(value: Object) -> Iterator[Cause]:
    reference = value.get("roleRef") or {}
    kinds = ["Role", "ClusterRole"] if value["kind"] == "RoleBinding" else ["ClusterRole"]
    if reference.get("kind") not in kinds:
        listed = ", ".join(f'"{kind}"' for kind in kinds)
        message = f'Unsupported value: "{reference.get("kind", "")}": supported values: {listed}'
        yield "FieldValueNotSupported", "roleRef.kind", message
    if not reference.get("name"):
        yield "FieldValueRequired", "roleRef.name", "Required value"
    for index, subject in enumerate(value.get("subjects") or []):
        if not subject.get("name"):
            yield "FieldValueRequired", f"subjects[{index}].name", "Required value"
        needs_namespace = subject.get("kind") == "ServiceAccount" and value["kind"] == "ClusterRoleBinding"
        if needs_namespace and not subject.get("namespace"):
            yield "FieldValueRequired", f"subjects[{index}].namespace", "Required value"


def _role(value: Object) -> Iterator[Cause]:
    for index, rule in enumerate(value.get("rules") or []):
        if not rule.get("verbs"):
            yield "FieldValueRequired", f"rules[{index}].verbs", "Required value: verbs must contain at least one value"
        for name in () if rule.get("nonResourceURLs") else ("apiGroups", "resources"):
            if not rule.get(name):
                yield (
                    "FieldValueRequired",
                    f"rules[{index}].{name}",
                    f"Required value: resource rules must supply {name}",
                )


def _ingress(value: Object) -> Iterator[Cause]:
    spec = value.get("spec", {})
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield "FieldValueInvalid", "spec", "Invalid value: either `defaultBackend` or `rules` must be specified"


def _volume_claim(value: Object) -> Iterator[Cause]:
    spec = value.get("spec", {})
    if not spec.get("accessModes"):
        yield "FieldValueRequired", "spec.accessModes", "Required value: at least 1 access mode is required"
    if not (spec.get("resources") or {}).get("requests", {}).get("storage"):
        yield "FieldValueRequired", "spec.resources[storage]", "Required value"


def _bad(field: str, value: Any, why: str) -> Cause:
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return "FieldValueInvalid", field, f"Invalid value: {shown}: {why}"


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


_BY_KIND: dict[str, Callable[[Object], Iterator[Cause]]] = {
    "Deployment": _workload,
    "ReplicaSet": _workload,
    "StatefulSet": _workload,
    "DaemonSet": _workload,
    "Job": _workload,
    "Pod": _pod,
    "Service": _service,
    "Secret": _secret,
    "ConfigMap": _config_map,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "Role": _role,
    "ClusterRole": _role,
    "PersistentVolumeClaim": _volume_claim,
    "Ingress": _ingress,
}
_IMMUTABLE: dict[str, tuple[tuple[str, ...], ...]] = {
    "Deployment": (("spec", "selector"),),
    "ReplicaSet": (("spec", "selector"),),
    "StatefulSet": (("spec", "selector"), ("spec", "serviceName")),
    "Job": (("spec", "selector"), ("spec", "template")),
    "Service": (("spec", "clusterIP"),),
    "Secret": (("type",),),
    "RoleBinding": (("roleRef",),),
    "ClusterRoleBinding": (("roleRef",),),
}
