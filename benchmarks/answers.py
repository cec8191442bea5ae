"""What a healthy cluster answers to a check, ready to be sent."""

import base64
import gzip
import json

from providers.kube.probe import ENVPROXY, RELEASE_NAME

SECRET = f"sh.helm.release.v1.{RELEASE_NAME}.v1"
LABELS = {"owner": "helm", "name": RELEASE_NAME, "version": "1", "status": "deployed", "modifiedAt": "1790000000"}
RELEASE = {"chart": {"metadata": {"name": "workspace-provider", "version": "0.1.0"}}, "config": {}}
PAYLOAD = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(RELEASE).encode()))).decode()
METADATA = {"name": SECRET, "namespace": "coder", "uid": "6f1d2b70-9d52-4e54-9b49-0c8c1f1f6b5e", "labels": LABELS}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": ENVPROXY, "namespace": "coder", "labels": {"helm.sh/chart": "workspace-provider-0.1.0"}},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": ENVPROXY}}},
    "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 1},
}
ALL_ALLOWED = {"resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}], "incomplete": False}
BODIES = {
    b"/version": {"major": "1", "minor": "34", "gitVersion": "v1.34.2", "platform": "linux/amd64"},
    b"/deployments/envproxy": DEPLOYMENT,
    b"/secrets": {"kind": "PartialObjectMetadataList", "metadata": {}, "items": [{"metadata": METADATA}]},
    f"/secrets/{SECRET}".encode(): {"metadata": METADATA, "data": {"release": PAYLOAD}},
    b"/selfsubjectrulesreviews": {"kind": "SelfSubjectRulesReview", "status": ALL_ALLOWED},
    b"/storageclasses": {"kind": "StorageClassList", "metadata": {}, "items": []},
    b"/namespaces/coder": {"kind": "Namespace", "metadata": {"name": "coder"}, "status": {"phase": "Active"}},
}


def _message(status: str, body: object) -> bytes:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


ANSWERS = {ending: _message("200 OK", body) for ending, body in BODIES.items()}
NOT_FOUND = _message("404 Not Found", {"kind": "Status", "code": 404, "reason": "NotFound"})
SERVER_ERROR = _message("500 Internal Server Error", {"kind": "Status", "code": 500, "message": "etcd is not there"})


def answer_to(request: bytes) -> bytes:
    path = request.split(b" ", 2)[1].partition(b"?")[0]
    return next((answer for ending, answer in ANSWERS.items() if path.endswith(ending)), NOT_FOUND)
