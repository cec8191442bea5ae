"""What the API server fills in: the defaults of the built-in types and the first status of new objects."""

import base64
import zlib
from typing import Any

from coderadmin.embedded.sandbox.store import Object

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def fill_defaults(value: Object) -> None:
    """Complete `value` in place; doing it twice changes nothing."""
    fill = _BY_KIND.get(value["kind"])
    if fill and isinstance(value.get("spec", {}), dict):
        fill(value)


def first_status(value: Object) -> Object | None:
    """The status that an object is created with, None for none."""
    known: dict[str, Object] = {
        "Namespace": {"phase": "Active"},
        "Pod": {"phase": "Pending", "qosClass": "BestEffort"},
        "PersistentVolumeClaim": {"phase": "Pending"},
        "Service": {"loadBalancer": {}},
        "Ingress": {"loadBalancer": {}},
        "Deployment": {},
        "ReplicaSet": {"replicas": 0},
        "StatefulSet": {"replicas": 0},
        "Job": {},
    }
    return known.get(value["kind"])


def _set(target: Object, **values: Any) -> None:
    for name, value in values.items():
        target.setdefault(name, value)


def _fill_template(template: Object) -> None:
    template.setdefault("metadata", {})
    if isinstance(template.get("spec"), dict):
        _fill_pod_spec(template["spec"])


def _fill_pod_spec(spec: Object) -> None:
    _set(spec, restartPolicy="Always", terminationGracePeriodSeconds=30, dnsPolicy="ClusterFirst")
    _set(spec, securityContext={}, schedulerName="default-scheduler")
    if "serviceAccountName" in spec:
        _set(spec, serviceAccount=spec["serviceAccountName"])
    for container in [*spec.get("initContainers", []), *spec.get("containers", [])]:
        _fill_container(container)
    for volume in spec.get("volumes", []):
        for source in ("secret", "configMap", "projected"):
            if isinstance(volume.get(source), dict):
                _set(volume[source], defaultMode=420)


def _fill_container(container: Object) -> None:
    image = container.get("image", "")
    latest = image.endswith(":latest") or ":" not in image.rpartition("/")[2]
    _set(container, terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File", resources={})
    _set(container, imagePullPolicy="Always" if latest else "IfNotPresent")
    for port in container.get("ports", []):
        _set(port, protocol="TCP")
    for variable in container.get("env", []):
        if field := variable.get("valueFrom", {}).get("fieldRef"):
            _set(field, apiVersion="v1")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), dict):
            _set(container[name], **_PROBE)
            if isinstance(container[name].get("httpGet"), dict):
                _set(container[name]["httpGet"], path="/", scheme="HTTP")


def _requests_from_limits(resources: Object) -> Object:
    return {"requests": dict(resources["limits"])} if resources.get("limits") else {}


def _pod(value: Object) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, serviceAccountName="default", enableServiceLinks=True)
    _fill_pod_spec(spec)
    for container in spec.get("containers", []):
        _set(container["resources"], **_requests_from_limits(container["resources"]))


def _deployment(value: Object) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={})
    _set(spec["strategy"], type="RollingUpdate")
    if spec["strategy"]["type"] == "RollingUpdate":
        _set(spec["strategy"], rollingUpdate={})
        _set(spec["strategy"]["rollingUpdate"], maxSurge="25%", maxUnavailable="25%")
    _fill_template(spec.setdefault("template", {}))


def _replica_set(value: Object) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, replicas=1)
    _fill_template(spec.setdefault("template", {}))


def _stateful_set(value: Object) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady", serviceName="")
    _set(spec, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    _fill_template(spec.setdefault("template", {}))


def _daemon_set(value: Object) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, revisionHistoryLimit=10, updateStrategy={"type": "RollingUpdate"})
    _fill_template(spec.setdefault("template", {}))


def _job(value: Object) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, parallelism=1, completions=1, backoffLimit=6)
    _fill_template(spec.setdefault("template", {}))
    if uid := value["metadata"].get("uid"):
        labels = spec["template"]["metadata"].setdefault("labels", {})
        _set(labels, **{"controller-uid": uid, "job-name": value["metadata"]["name"]})
        _set(spec, selector={"matchLabels": {"controller-uid": uid}})


def _service(value: Object) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, type="ClusterIP", sessionAffinity="None")
    if spec["type"] != "ExternalName":
        metadata = value["metadata"]
        address = _service_address(f"{metadata.get('namespace')}/{metadata.get('name')}")
        _set(spec, clusterIP=address)
        _set(spec, clusterIPs=[spec["clusterIP"]], ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    for port in spec.get("ports", []):
        if isinstance(port, dict) and "port" in port:
            _set(port, protocol="TCP", targetPort=port["port"])


def _service_address(name: str) -> str:
    number = zlib.crc32(name.encode())
    return f"10.96.{number // 251 % 251}.{number % 251 + 2}"


def _secret(value: Object) -> None:
    _set(value, type="Opaque")
    for name, text in (value.pop("stringData", None) or {}).items():
        value.setdefault("data", {})[name] = base64.b64encode(str(text).encode()).decode()


def _namespace(value: Object) -> None:
    value["spec"] = value.get("spec") or {}
    if "deletionTimestamp" not in value["metadata"]:
        _set(value["spec"], finalizers=["kubernetes"])
    labels = value["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = value["metadata"].get("name", "")


def _volume_claim(value: Object) -> None:
    _set(value.setdefault("spec", {}), volumeMode="Filesystem")
    if "creationTimestamp" not in value["metadata"]:
        _set(value["metadata"], finalizers=[CLAIM_PROTECTION])


def _network_policy(value: Object) -> None:
    spec = value.setdefault("spec", {})
    _set(spec, policyTypes=["Ingress", "Egress"] if "egress" in spec else ["Ingress"])


def _storage_class(value: Object) -> None:
    _set(value, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _ingress(value: Object) -> None:
    for rule in value.get("spec", {}).get("rules", []):
        for path in (rule.get("http") or {}).get("paths", []):
            _set(path, pathType="ImplementationSpecific")


def _custom_resource_definition(value: Object) -> None:
    names = value.get("spec", {}).get("names", {})
    if "kind" in names:
        _set(names, singular=names["kind"].lower(), listKind=f"{names['kind']}List")


def _bindings(value: Object) -> None:
    _set(value.setdefault("roleRef", {}), apiGroup="rbac.authorization.k8s.io")
    for subject in value.get("subjects") or []:
        if subject.get("kind") in ("User", "Group"):
            _set(subject, apiGroup="rbac.authorization.k8s.io")


_BY_KIND = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Service": _service,
    "Secret": _secret,
    "Namespace": _namespace,
    "PersistentVolumeClaim": _volume_claim,
    "NetworkPolicy": _network_policy,
    "StorageClass": _storage_class,
    "Ingress": _ingress,
    "CustomResourceDefinition": _custom_resource_definition,
    "RoleBinding": _bindings,
    "ClusterRoleBinding": _bindings,
}
