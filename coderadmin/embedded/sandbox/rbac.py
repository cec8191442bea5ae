"""Authorization decided from Roles, ClusterRoles and their bindings, as the RBAC authorizer decides it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from coderadmin.embedded.sandbox.identity import User
from coderadmin.embedded.sandbox.resources import RBAC
from coderadmin.embedded.sandbox.store import Key, Object, Store

Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked for: a verb on a resource, or on a `path` that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def full_resource(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def is_allowed(store: Store, user: User, wanted: Attributes) -> bool:
    if "system:masters" in user.groups:
        return True
    return any(_grants(rule, wanted) for rule in rules_of(store, user, wanted.namespace))


def rules_of(store: Store, user: User, namespace: str) -> Iterator[Rule]:
    """Every rule that holds for this person in `namespace`, those of the whole cluster included."""
    for binding in store.objects(RBAC, "clusterrolebindings"):
        if _binds(binding, user):
            yield from role_rules(store, binding["roleRef"], "")
    if not namespace:
        return
    for binding in store.objects(RBAC, "rolebindings", namespace):
        if _binds(binding, user):
            yield from role_rules(store, binding["roleRef"], namespace)


def role_rules(store: Store, reference: Object, namespace: str) -> list[Rule]:
    """The rules of the role that a binding names; none when it is not there."""
    if reference["kind"] == "ClusterRole":
        key = Key(RBAC, "clusterroles", "", reference["name"])
    else:
        key = Key(RBAC, "roles", namespace, reference["name"])
    role = store.get(key)
    return (role or {}).get("rules") or []


def lacks_any(store: Store, user: User, rules: list[Rule], namespace: str) -> bool:
    """Whether the person would hand on a permission that is not theirs (privilege escalation)."""
    if "system:masters" in user.groups:
        return False
    own = list(rules_of(store, user, namespace))
    return any(not any(_grants(rule, asked) for rule in own) for given in rules for asked in _spread(given))


def denial(user: User, wanted: Attributes) -> str:
    """Why a request is refused, in kube-apiserver's words."""
    if wanted.path:
        return f'User "{user.name}" cannot {wanted.verb} path "{wanted.path}"'
    sentence = (
        f'User "{user.name}" cannot {wanted.verb} resource "{wanted.full_resource}" in API group "{wanted.group}"'
    )
    where = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    return f"{sentence} {where}"


def _binds(binding: Object, user: User) -> bool:
    own = binding["metadata"].get("namespace", "")
    return any(_is_subject(subject, user, own) for subject in binding.get("subjects") or [])


def _is_subject(subject: Object, user: User, namespace: str) -> bool:
    if subject["kind"] == "User":
        return bool(subject["name"] == user.name)
    if subject["kind"] == "Group":
        return subject["name"] in user.groups
    return user.name == f"system:serviceaccount:{subject.get('namespace') or namespace}:{subject['name']}"


def _grants(rule: Rule, wanted: Attributes) -> bool:
    if not _holds(rule.get("verbs"), wanted.verb):
        return False
    if wanted.path:
        return any(_path_matches(pattern, wanted.path) for pattern in rule.get("nonResourceURLs") or [])
    names = rule.get("resourceNames") or []
    return (
        _holds(rule.get("apiGroups"), wanted.group)
        and _covers_resource(rule.get("resources") or [], wanted)
        and (not names or wanted.name in names)
    )


def _holds(values: list[str] | None, wanted: str) -> bool:
    return values is not None and ("*" in values or wanted in values)


def _covers_resource(resources: list[str], wanted: Attributes) -> bool:
    if "*" in resources or wanted.full_resource in resources:
        return True
    return bool(wanted.subresource) and f"*/{wanted.subresource}" in resources


def _path_matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == path


def _spread(rule: Rule) -> Iterator[Attributes]:
    for verb, path in product(rule.get("verbs") or [], rule.get("nonResourceURLs") or []):
        yield Attributes(verb, path=path)
    names = rule.get("resourceNames") or [""]
    everything = product(rule.get("verbs") or [], rule.get("apiGroups") or [], rule.get("resources") or [], names)
    for verb, group, resource, name in everything:
        plural, _, subresource = resource.partition("/")
        yield Attributes(verb, group, plural, subresource, name=name)
