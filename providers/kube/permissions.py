"""What a credential must be allowed to do in a provider's namespace: the one list, also for the chart's Role."""

from dataclasses import dataclass

READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete")
EVERYTHING = (*READ, *WRITE, "deletecollection")


@dataclass(frozen=True)
class Permission:
    """Verbs on one resource; `group` is "" for the core API, a subresource stands behind a slash."""

    group: str
    resource: str
    verbs: tuple[str, ...]

    def rule(self) -> dict[str, list[str]]:
        """As a rule of a Role."""
        return {"apiGroups": [self.group], "resources": [self.resource], "verbs": list(self.verbs)}

    def names(self) -> list[str]:
        """`["get pods", "list pods", …]`"""
        return [f"{verb} {self.resource}" for verb in self.verbs]


RUN = (
    Permission("", "pods", EVERYTHING),
    Permission("", "pods/exec", ("create", "get")),  # a websocket exec is a GET, and a create from 1.35 on
    Permission("", "pods/log", ("get",)),
    Permission("", "events", READ),
    Permission("", "services", EVERYTHING),
    Permission("", "secrets", EVERYTHING),
    Permission("", "configmaps", EVERYTHING),
    Permission("", "persistentvolumeclaims", EVERYTHING),
    Permission("", "serviceaccounts", (*READ, *WRITE)),
    Permission("", "namespaces", ("get",)),  # its own one only, when given by a Role
    Permission("apps", "deployments", EVERYTHING),
    Permission("apps", "deployments/scale", ("get", "update", "patch")),
    Permission("networking.k8s.io", "networkpolicies", EVERYTHING),
)
"""What environments need, and what our checks look at."""

INSTALL = (
    *RUN,
    Permission("apps", "replicasets", READ),  # Helm waits by them
    Permission("networking.k8s.io", "ingresses", (*READ, *WRITE)),
    Permission("rbac.authorization.k8s.io", "roles", (*READ, *WRITE)),
    Permission("rbac.authorization.k8s.io", "rolebindings", (*READ, *WRITE)),
)
"""What the credential that runs Helm needs. It holds `RUN`, since nobody may grant what he does not have."""
