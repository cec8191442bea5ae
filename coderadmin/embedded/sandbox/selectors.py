"""Label and field selectors, as in the query of a list or watch, and as in the `selector` of a workload."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from coderadmin.embedded.sandbox.errors import bad_request
from coderadmin.embedded.sandbox.resources import ResourceType

Matcher = Callable[[dict[str, Any]], bool]
Requirement = Callable[[Mapping[str, str]], bool]

_COMMA_OUTSIDE_BRACKETS = re.compile(r",(?![^()]*\))")
_SET_BASED = re.compile(r"^([^\s!=()]+)\s+(in|notin)\s+\(([^)]*)\)$")
_EQUALITY = re.compile(r"^([^\s!=()]+)\s*(!=|==|=)\s*([^\s!=()]*)$")
_COMMON_FIELDS = ("metadata.name", "metadata.namespace")
_POD_FIELDS = "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName status.phase status.podIP"
_INVOLVED = "kind namespace name uid apiVersion resourceVersion fieldPath"
_FIELDS = {
    "pods": tuple(_POD_FIELDS.split()),
    "events": (*(f"involvedObject.{name}" for name in _INVOLVED.split()), "reason", "source", "type"),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "replicasets": ("status.replicas",),
    "jobs": ("status.successful",),
}
_EXISTENCE = re.compile(r"^(!?)\s*([^\s!=()]+)$")


def label_matcher(expression: str) -> Matcher:
    """A test of an object's labels; 400 when the expression cannot be read."""
    requirements = [_requirement(part.strip()) for part in _COMMA_OUTSIDE_BRACKETS.split(expression) if part.strip()]

    def matches(candidate: dict[str, Any]) -> bool:
        labels = candidate["metadata"].get("labels") or {}
        return all(requirement(labels) for requirement in requirements)

    return matches


def _requirement(text: str) -> Requirement:
    if found := _SET_BASED.match(text):
        key, operator, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        return _is_in(key, values) if operator == "in" else _is_not_in(key, values)
    if found := _EQUALITY.match(text):
        key, operator, value = found.groups()
        return _is_not_in(key, {value}) if operator == "!=" else _is_in(key, {value})
    if found := _EXISTENCE.match(text):
        absent, key = bool(found[1]), found[2]
        return lambda labels: (key in labels) != absent
    raise bad_request(f"unable to parse requirement: {text}")


def _is_in(key: str, values: set[str]) -> Requirement:
    return lambda labels: labels.get(key) in values


def _is_not_in(key: str, values: set[str]) -> Requirement:
    return lambda labels: labels.get(key) not in values


def known_fields(resource: ResourceType) -> tuple[str, ...]:
    """The fields by which objects of this type can be selected."""
    return (*_COMMON_FIELDS, *_FIELDS.get(resource.plural, ()))


def field_matcher(expression: str, known: tuple[str, ...]) -> Matcher:
    """A test of fields by their dotted path; 400 when it cannot be read or names a field that is not `known`."""
    tests = [_field_test(part.strip(), known) for part in expression.split(",") if part.strip()]
    return lambda candidate: all(test(candidate) for test in tests)


def _field_test(text: str, known: tuple[str, ...]) -> Matcher:
    parts = re.split(r"(!=|==|=)", text, maxsplit=1)
    if len(parts) != 3:
        raise bad_request(f"invalid selector: '{text}'; can't understand '{text}'")
    path, operator, value = parts
    if path not in known:
        listed = ", ".join(f'"{name}"' for name in known)
        raise bad_request(f'"{path}" is not a known field selector: only {listed}')
    wanted = operator != "!="
    return lambda candidate: (_text_at(candidate, path.split(".")) == value) == wanted


def _text_at(value: Any, path: list[str]) -> str:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a workload's `selector` (matchLabels, matchExpressions) selects these labels."""
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_expression_holds(expression, labels) for expression in selector.get("matchExpressions") or [])


def _expression_holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
    holds = {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return holds.get(operator, False)
