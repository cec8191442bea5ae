"""The resource types that a sandbox cluster serves: the built-in ones and those of its CustomResourceDefinitions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class ResourceType:
    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = VERBS
    custom: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_resource(self) -> str:
        """As error messages name it: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def counts_generations(self) -> bool:
        """Whether metadata.generation grows with each change of the specification."""
        return self.custom or (self.group != "" and "status" in self.subresources)


def _type(
    api_version: str, plural: str, kind: str, short: str = "", subresources: str = "", *, cluster: bool = False
) -> ResourceType:
    group, _, version = api_version.rpartition("/")
    return ResourceType(
        group, version, plural, kind, not cluster, tuple(short.split()), tuple(subresources.split()), _categories(kind)
    )


def _review(api_version: str, plural: str, kind: str, *, cluster: bool = True) -> ResourceType:
    group, _, version = api_version.rpartition("/")
    return ResourceType(group, version, plural, kind, not cluster, verbs=("create",))


def _categories(kind: str) -> tuple[str, ...]:
    workloads = {"Pod", "Service", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"}
    return ("all",) if kind in workloads else ()


RBAC = "rbac.authorization.k8s.io"
BUILT_IN = (
    _type("v1", "namespaces", "Namespace", "ns", "status finalize", cluster=True),
    _type("v1", "nodes", "Node", "no", "status", cluster=True),
    _type("v1", "persistentvolumes", "PersistentVolume", "pv", "status", cluster=True),
    _type("v1", "pods", "Pod", "po", "status log eviction binding"),
    _type("v1", "services", "Service", "svc", "status"),
    _type("v1", "endpoints", "Endpoints", "ep"),
    _type("v1", "configmaps", "ConfigMap", "cm"),
    _type("v1", "secrets", "Secret"),
    _type("v1", "serviceaccounts", "ServiceAccount", "sa", "token"),
    _type("v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", "status"),
    _type("v1", "events", "Event", "ev"),
    _type("v1", "resourcequotas", "ResourceQuota", "quota", "status"),
    _type("v1", "limitranges", "LimitRange", "limits"),
    _type("apps/v1", "deployments", "Deployment", "deploy", "status scale"),
    _type("apps/v1", "replicasets", "ReplicaSet", "rs", "status scale"),
    _type("apps/v1", "statefulsets", "StatefulSet", "sts", "status scale"),
    _type("apps/v1", "daemonsets", "DaemonSet", "ds", "status"),
    _type("batch/v1", "jobs", "Job", "", "status"),
    _type("batch/v1", "cronjobs", "CronJob", "cj", "status"),
    _type("networking.k8s.io/v1", "ingresses", "Ingress", "ing", "status"),
    _type("networking.k8s.io/v1", "ingressclasses", "IngressClass", cluster=True),
    _type("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", "netpol", "status"),
    _type("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa", "status"),
    _type("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", "status"),
    _type(f"{RBAC}/v1", "roles", "Role"),
    _type(f"{RBAC}/v1", "rolebindings", "RoleBinding"),
    _type(f"{RBAC}/v1", "clusterroles", "ClusterRole", cluster=True),
    _type(f"{RBAC}/v1", "clusterrolebindings", "ClusterRoleBinding", cluster=True),
    _type("coordination.k8s.io/v1", "leases", "Lease"),
    _type("discovery.k8s.io/v1", "endpointslices", "EndpointSlice"),
    _type("storage.k8s.io/v1", "storageclasses", "StorageClass", "sc", cluster=True),
    _type("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", "pc", cluster=True),
    _type(
        "apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        "crd crds",
        "status",
        cluster=True,
    ),
    _review("authorization.k8s.io/v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    _review("authorization.k8s.io/v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    _review("authorization.k8s.io/v1", "subjectaccessreviews", "SubjectAccessReview"),
    _review("authorization.k8s.io/v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", cluster=False),
    _review("authentication.k8s.io/v1", "tokenreviews", "TokenReview"),
    _review("authentication.k8s.io/v1", "selfsubjectreviews", "SelfSubjectReview"),
)
_BY_PATH = {(one.group, one.version, one.plural): one for one in BUILT_IN}
_BY_PLURAL = {(one.group, one.plural): one for one in BUILT_IN}


def built_in(group: str, plural: str) -> ResourceType:
    """The built-in type; KeyError when there is none."""
    return _BY_PLURAL[group, plural]


def custom_types(definitions: Iterable[dict[str, Any]]) -> list[ResourceType]:
    """The types that CustomResourceDefinition objects add, one for each served version."""
    return [
        _custom_type(definition["spec"], version)
        for definition in definitions
        if "deletionTimestamp" not in definition["metadata"]
        for version in definition["spec"]["versions"]
        if version.get("served", True)
    ]


def _custom_type(spec: dict[str, Any], version: dict[str, Any]) -> ResourceType:
    names = spec["names"]
    return ResourceType(
        spec["group"],
        version["name"],
        names["plural"],
        names["kind"],
        spec["scope"] == "Namespaced",
        tuple(names.get("shortNames", ())),
        tuple(version.get("subresources", {})),
        tuple(names.get("categories", ())),
        custom=True,
    )


class ResourceTypes:
    """All types of one cluster, worked out from its CustomResourceDefinitions at each question."""

    def __init__(self, definitions: Callable[[], Iterable[dict[str, Any]]]) -> None:
        self._definitions = definitions

    def all(self) -> list[ResourceType]:
        return [*BUILT_IN, *custom_types(self._definitions())]

    def find(self, group: str, version: str, plural: str) -> ResourceType | None:
        if found := _BY_PATH.get((group, version, plural)):
            return found
        wanted = (group, version, plural)
        customs = custom_types(self._definitions())
        return next((one for one in customs if (one.group, one.version, one.plural) == wanted), None)

    def serves(self, group: str, version: str) -> bool:
        return any((one.group, one.version) == (group, version) for one in self.all())
