"""What a new cluster holds before anybody writes to it."""

from coderadmin.embedded.sandbox.defaults import fill_defaults, first_status
from coderadmin.embedded.sandbox.resources import RBAC, VERBS, built_in
from coderadmin.embedded.sandbox.store import Key, Object, Store, timestamp

NODE = "sandbox-node"
STORAGE_CLASS = "standard"
INGRESS_CLASS = "nginx"
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_DISCOVERY = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
]
_PUBLIC = ["/healthz", "/livez", "/readyz", "/version"]
_WORK = ["", "apps", "batch", "networking.k8s.io", "autoscaling", "policy", "coordination.k8s.io"]
_READ = ["get", "list", "watch"]
_VIEWED = [
    "pods",
    "pods/log",
    "services",
    "endpoints",
    "configmaps",
    "persistentvolumeclaims",
    "events",
    "serviceaccounts",
]
_VIEWED += [
    "resourcequotas",
    "limitranges",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
]
_VIEWED += ["ingresses", "networkpolicies", "horizontalpodautoscalers", "poddisruptionbudgets", "namespaces"]


def fill_new_cluster(store: Store) -> None:
    for name in NAMESPACES:
        _add(store, "", "namespaces", {"metadata": {"name": name}})
    _add(store, "", "nodes", _node())
    _add(store, "storage.k8s.io", "storageclasses", _storage_class())
    _add(store, "networking.k8s.io", "ingressclasses", _ingress_class())
    for name, rules in _cluster_roles().items():
        _add(store, RBAC, "clusterroles", {"metadata": {"name": name}, "rules": rules})
    for role, group in (
        ("cluster-admin", "system:masters"),
        ("system:basic-user", "system:authenticated"),
        ("system:discovery", "system:authenticated"),
        ("system:public-info-viewer", "system:authenticated"),
        ("system:public-info-viewer", "system:unauthenticated"),
    ):
        _bind(store, role, group)


def _add(store: Store, group: str, plural: str, value: Object) -> None:
    resource = built_in(group, plural)
    value = {"apiVersion": resource.api_version, "kind": resource.kind, **value}
    fill_defaults(value)
    if (status := first_status(value)) is not None:
        value["status"] = status
    store.create(Key(group, plural, "", value["metadata"]["name"]), value)


def _bind(store: Store, role: str, group: str) -> None:
    name = role if group != "system:unauthenticated" else f"{role}-unauthenticated"
    subjects = [{"kind": "Group", "name": group, "apiGroup": RBAC}]
    reference = {"kind": "ClusterRole", "name": role, "apiGroup": RBAC}
    _add(store, RBAC, "clusterrolebindings", {"metadata": {"name": name}, "subjects": subjects, "roleRef": reference})


def _cluster_roles() -> dict[str, list[Object]]:
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    work = {"apiGroups": _WORK, "resources": ["*"]}
    roles = {"apiGroups": [RBAC], "resources": ["roles", "rolebindings"], "verbs": list(VERBS)}
    reviews = {"apiGroups": ["authorization.k8s.io"], "verbs": ["create"]}
    reviews["resources"] = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    whoami = {"apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]}
    return {
        "cluster-admin": [everything, {"nonResourceURLs": ["*"], "verbs": ["*"]}],
        "admin": [work | {"verbs": list(VERBS)}, roles],
        "edit": [work | {"verbs": list(VERBS)}],
        "view": [{"apiGroups": _WORK, "resources": _VIEWED, "verbs": _READ}],
        "system:basic-user": [reviews, whoami],
        "system:discovery": [{"nonResourceURLs": _DISCOVERY, "verbs": ["get"]}],
        "system:public-info-viewer": [{"nonResourceURLs": _PUBLIC, "verbs": ["get"]}],
    }


def _node() -> Object:
    labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {"metadata": {"name": NODE, "labels": labels}, "spec": {}, "status": _node_status()}


def _node_status() -> Object:
    size = {"cpu": "64", "memory": "256Gi", "pods": "2000", "ephemeral-storage": "1Ti"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}
    ready |= {"lastHeartbeatTime": timestamp(), "lastTransitionTime": timestamp()}
    info = {"kubeletVersion": "v1.33.0", "operatingSystem": "linux", "architecture": "amd64", "osImage": "sandbox"}
    info |= {"containerRuntimeVersion": "sandbox://1", "kernelVersion": "0", "kubeProxyVersion": "v1.33.0"}
    info |= dict.fromkeys(("bootID", "machineID", "systemUUID"), "")
    return {"capacity": size, "allocatable": dict(size), "nodeInfo": info, "conditions": [ready]}


def _storage_class() -> Object:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    metadata = {"name": STORAGE_CLASS, "annotations": annotations}
    return {"metadata": metadata, "provisioner": "sandbox.invalid/disk", "allowVolumeExpansion": True}


def _ingress_class() -> Object:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"}
    spec = {"controller": "k8s.io/ingress-nginx"}
    return {"metadata": {"name": INGRESS_CLASS, "annotations": annotations}, "spec": spec}
