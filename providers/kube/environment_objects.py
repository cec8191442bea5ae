"""An environment as Kubernetes objects: pure functions from what is wanted to manifests."""

import hashlib
import re
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from providers.kube import labels
from providers.kube.document import Json
from providers.kube.labels import FIELD_MANAGER

LONGEST_NAME = 25
"""Nothing that is made of a name of up to 25 characters is cut. A pod's name ends at 63, and it is the longest:
`env-` 4, the name, `-` and our digits 17, `-` and the ReplicaSet's hash 11, `-` and the pod's own letters 6."""

LONGEST_LABEL = 63  # characters of a DNS label, which Service names and label values are
DIGITS = 16
PREFIX = "env-"
HOME = "/home/coder"
USER_ID = 1000
PORT = 3000
CONTAINER = "environment"
ENVPROXY_LABELS = {labels.NAME: "envproxy", "app.kubernetes.io/component": "workspace-provider"}  # as in the chart
EMAIL_TEMPLATE = re.compile(r"\{\{\s*\.UserEmail\s*\}\}")


@dataclass(frozen=True, kw_only=True)
class EnvironmentSpec:
    """What an environment should be. `image` is a repository without its tag; sizes are binary, 1 GB = 1024³ bytes.

    `storage_class` counts for a new home only, and empty means the cluster's default.
    """

    environment_id: UUID
    name: str
    owner_id: UUID
    owner_email: str
    username: str
    organization_id: UUID
    organization_name: str
    provider_name: str
    image: str
    tag: str
    cpu_cores: Decimal
    memory_gb: Decimal
    disk_gb: int
    gpus: int
    gpu_resource: str = "nvidia.com/gpu"
    storage_class: str = ""
    tolerations: list[Json] = field(default_factory=list)
    node_selector: dict[str, str] = field(default_factory=dict)
    affinity: Json = field(default_factory=dict)
    service_account_annotations: dict[str, str] = field(default_factory=dict)
    running: bool = True

    @property
    def object_name(self) -> str:
        return object_name(self.name, self.environment_id)


def object_name(name: str, environment_id: UUID) -> str:
    """The name of all objects of the environment: a DNS-1035 label, different for each pair, whatever the name is.

    Its digits are of a digest of both, so that neither a name that has to be cut nor ids with the same beginning meet.
    """
    digest = hashlib.sha256(f"{environment_id}/{name}".encode(errors="surrogatepass")).hexdigest()[:DIGITS]
    readable = re.sub(r"[^a-z0-9-]+", "-", name.lower())
    readable = readable[: LONGEST_LABEL - len(PREFIX) - 1 - DIGITS].strip("-")
    return f"{PREFIX}{readable}-{digest}" if readable else f"{PREFIX}{digest}"


def make_objects(spec: EnvironmentSpec, namespace: str) -> list[Json]:
    """In the order in which they must be applied: the pod comes last, and the claim, which may be refused, first."""
    makers = (make_volume_claim, make_service_account, make_network_policy, make_service, make_deployment)
    return [make(spec, namespace) for make in makers]


def make_service_account(spec: EnvironmentSpec, namespace: str) -> Json:
    """Without rights and without a token; cloud identities are bound to it by annotations."""
    annotations = {
        key: EMAIL_TEMPLATE.sub(lambda _: spec.owner_email, value)
        for key, value in spec.service_account_annotations.items()
    }
    made = _object("v1", "ServiceAccount", spec, namespace)
    made["metadata"]["annotations"] = annotations | made["metadata"]["annotations"]
    return made | {"automountServiceAccountToken": False}


def make_volume_claim(spec: EnvironmentSpec, namespace: str) -> Json:
    """The home folder."""
    storage_class = {"storageClassName": spec.storage_class} if spec.storage_class else {}
    return _object("v1", "PersistentVolumeClaim", spec, namespace) | {
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": f"{spec.disk_gb}Gi"}},
        }
        | storage_class
    }


def make_service(spec: EnvironmentSpec, namespace: str) -> Json:
    return _object("v1", "Service", spec, namespace) | {
        "spec": {
            "type": "ClusterIP",
            "selector": _selector(spec),
            "ports": [{"name": "http", "port": PORT, "targetPort": "http", "protocol": "TCP"}],
        }
    }


def make_network_policy(spec: EnvironmentSpec, namespace: str) -> Json:
    """Only envproxy comes in. It says nothing about the way out, so that a policy of the namespace may."""
    return _object("networking.k8s.io/v1", "NetworkPolicy", spec, namespace) | {
        "spec": {
            "podSelector": {"matchLabels": _selector(spec)},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": ENVPROXY_LABELS}}]}],
        }
    }


def make_deployment(spec: EnvironmentSpec, namespace: str) -> Json:
    """One pod, never two at a time: both would want the home. Old templates are of no use to anybody."""
    return _object("apps/v1", "Deployment", spec, namespace) | {
        "spec": {
            "replicas": 1 if spec.running else 0,
            "revisionHistoryLimit": 0,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": _selector(spec)},
            "template": {"metadata": {"labels": _labels(spec)}, "spec": _make_pod(spec)},
        }
    }


def _make_pod(spec: EnvironmentSpec) -> Json:
    placement = {
        "nodeSelector": spec.node_selector,
        "tolerations": spec.tolerations,
        "affinity": spec.affinity,
    }
    return {
        "serviceAccountName": spec.object_name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "fsGroup": USER_ID,
            "fsGroupChangePolicy": "OnRootMismatch",  # a start does not walk through a whole home
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_make_container(spec)],
        "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": spec.object_name}}],
    } | {key: value for key, value in placement.items() if value}


def _make_container(spec: EnvironmentSpec) -> Json:
    variables = {
        "CODER_WP_NAME": spec.provider_name,
        "CODER_ENVIRONMENT_NAME": spec.name,
        "CODER_USERNAME": spec.username,
    }
    return {
        "name": CONTAINER,
        "image": f"{spec.image}:{spec.tag}",
        "env": [{"name": name, "value": _literal(value)} for name, value in variables.items()],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "resources": _resources(spec),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "home", "mountPath": HOME}],
    }


def _resources(spec: EnvironmentSpec) -> Json:
    size = {"cpu": _cores(spec.cpu_cores), "memory": _binary(spec.memory_gb)}
    gpus = {spec.gpu_resource: str(spec.gpus)} if spec.gpus > 0 else {}
    return {"requests": size, "limits": size | gpus}


def _object(api_version: str, kind: str, spec: EnvironmentSpec, namespace: str) -> Json:
    annotations = {
        labels.ENVIRONMENT_NAME: spec.name,
        labels.OWNER_EMAIL: spec.owner_email,
        labels.ORGANIZATION_NAME: spec.organization_name,
    }
    metadata = {
        "name": spec.object_name,
        "namespace": namespace,
        "labels": _labels(spec),
        "annotations": annotations,
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _labels(spec: EnvironmentSpec) -> dict[str, str]:
    return {
        labels.MANAGED_BY: FIELD_MANAGER,
        labels.NAME: "environment",
        labels.INSTANCE: spec.object_name,
        labels.ENVIRONMENT: str(spec.environment_id),
        labels.OWNER: str(spec.owner_id),
        labels.ORGANIZATION: str(spec.organization_id),
    }


def _selector(spec: EnvironmentSpec) -> dict[str, str]:
    return {labels.ENVIRONMENT: str(spec.environment_id)}


def _cores(cores: Decimal) -> str:
    """Like `2` or `500m`, the way Kubernetes writes them itself."""
    thousandths = int((cores * 1000).to_integral_value(ROUND_CEILING))
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def _binary(gigabytes: Decimal) -> str:
    """Like `2Gi` or `1536Mi`."""
    mebibytes = int((gigabytes * 1024).to_integral_value(ROUND_CEILING))
    return f"{mebibytes}Mi" if mebibytes % 1024 else f"{mebibytes // 1024}Gi"


def _literal(text: str) -> str:
    """Kubernetes would put other variables in the place of `$(NAME)`; two dollars stand for one."""
    return text.replace("$", "$$")
