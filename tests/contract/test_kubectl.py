"""An administrator's own kubectl works on the sandbox and shows what it shows on a cluster."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clusters import Cluster

OLDEST_MINOR = 24
MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: green}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.invalid/web:1"}]}
"""
Kubectl = Callable[..., str]


def _minor() -> int:
    """The minor version of the kubectl on the PATH, 0 without one."""
    if shutil.which("kubectl") is None:
        return 0
    command = ["kubectl", "version", "--client", "-o", "json", "--kubeconfig", "/dev/null"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return int(json.loads(answer)["clientVersion"]["minor"].rstrip("+")) if answer else 0


@pytest.fixture(scope="module")
def minor() -> int:
    return _minor()


@pytest.fixture
def kubectl(cluster: Cluster, minor: int) -> Kubectl:
    if minor < OLDEST_MINOR:
        pytest.skip(f"needs a kubectl of version 1.{OLDEST_MINOR} or newer on the PATH")

    def run(*words: str, accept: int = 0) -> str:
        place = ["--kubeconfig", str(cluster.kubeconfig), "-n", cluster.namespace]
        command = ["kubectl", "--cache-dir", f"{os.devnull}/none", *place, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == accept, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    path = tmp_path / "manifest.yaml"
    path.write_text(MANIFEST)
    return str(path)


@pytest.fixture
def applied(kubectl: Kubectl, manifest: str) -> None:
    kubectl("apply", "-f", manifest)
    kubectl("wait", "--for=condition=Available", "deploy/web", "--timeout=50s")


@pytest.mark.usefixtures("applied")
def test_get_shows_the_usual_columns(kubectl: Kubectl) -> None:
    heading, pod = kubectl("get", "pods").splitlines()
    assert heading.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert pod.split()[1:3] == ["1/1", "Running"]
    heading, deployment = kubectl("get", "deploy").splitlines()
    assert heading.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert deployment.split()[:4] == ["web", "1/1", "1", "1"]


@pytest.mark.usefixtures("applied")
def test_applying_again_changes_only_what_is_new(kubectl: Kubectl, manifest: str) -> None:
    assert "unchanged" in kubectl("apply", "-f", manifest)
    Path(manifest).write_text(MANIFEST.replace("green", "blue"))
    assert "configmap/settings configured\ndeployment.apps/web unchanged" in kubectl("apply", "-f", manifest)
    assert kubectl("get", "cm", "settings", "-o", "jsonpath={.data.colour}") == "blue"


def test_server_side_apply_works(kubectl: Kubectl, manifest: str) -> None:
    assert kubectl("apply", "--server-side", "-f", manifest).count("serverside-applied") == 2


@pytest.mark.usefixtures("applied")
def test_a_new_image_is_rolled_out(kubectl: Kubectl) -> None:
    kubectl("set", "image", "deploy/web", "web=registry.invalid/web:2")
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/web", "--timeout=50s")
    assert "registry.invalid/web:2" in kubectl("get", "pods", "-o", "jsonpath={..image}")


@pytest.mark.usefixtures("applied")
def test_deleting_waits_until_it_is_done(kubectl: Kubectl, manifest: str) -> None:
    assert "deleted" in kubectl("delete", "-f", manifest, "--timeout=50s")
    kubectl("get", "deploy", "web", accept=1)


@pytest.mark.usefixtures("applied")
def test_logs_are_shown(kubectl: Kubectl, cluster: Cluster) -> None:
    if not cluster.is_sandbox:
        pytest.skip("no container runs on the real control planes of the tests, so there are no logs")
    assert "web: started" in kubectl("logs", "deploy/web")


@pytest.mark.usefixtures("applied")
def test_describe_tells_the_events(kubectl: Kubectl) -> None:
    assert "ScalingReplicaSet" in kubectl("describe", "deploy", "web")


def test_create_sends_what_the_cluster_understands(kubectl: Kubectl) -> None:
    kubectl("create", "secret", "generic", "key", "--from-literal=a=b")
    assert kubectl("get", "secret", "key", "-o", "jsonpath={.data.a}") == "Yg=="
    kubectl("create", "deployment", "made", "--image=registry.invalid/web:1", "--replicas=2")
    assert kubectl("get", "deploy", "made", "-o", "jsonpath={.spec.replicas}") == "2"
    kubectl("create", "sa", "robot")
    assert kubectl("create", "token", "robot").count(".") == 2


def test_can_i_answers(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods").strip() == "yes"
    account = "system:serviceaccount:default:nobody"
    assert kubectl("auth", "can-i", "create", "pods", f"--as={account}", accept=1).strip() == "no"
