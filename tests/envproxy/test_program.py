"""envproxy as a process, calling home to the real pages over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from audit.services import SYSTEM
from providers.choices import CredentialKind, ProviderStatus
from providers.envproxy.beating import LONGEST_RETRY, retry_after
from providers.envproxy.config import Config, ConfigError
from providers.models import WorkspaceProvider
from providers.services import Registration, register_provider, rotate_envproxy_token
from providers.services.checking import check_providers
from tests.clusters import Cluster, api_client, eventually
from tests.providers.clusters import target_in

pytestmark = pytest.mark.django_db(transaction=True)
SETTINGS = {
    "CEMANAGER_ACCESS_URL": "https://coder.example.com/",
    "CEMANAGER_TOKEN": "cap_secret",
    "ENVPROXY_ACCESS_URL": "https://sydney.coder.example.com/proxy/",
    "CLUSTER_ADDRESS": "https://203.0.113.7:6443",
    "NAMESPACE": "coder",
}


@pytest.fixture
def provider() -> WorkspaceProvider:
    return enrolling("https://203.0.113.7:6443", "coder")


@pytest.fixture
def start(live_server: Any, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Starts the program for a provider; the port of its probes."""
    processes = []

    def run(provider: WorkspaceProvider, token: str, **extra: str) -> int:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        environment = {
            "PATH": os.environ["PATH"],
            "CEMANAGER_ACCESS_URL": live_server.url,
            "CEMANAGER_TOKEN": token,
            "ENVPROXY_ACCESS_URL": "http://brazil.testserver/proxy",
            "CLUSTER_ADDRESS": provider.cluster_address,
            "NAMESPACE": provider.namespace,
            "ENVPROXY_PORT": str(port),
            "SERVICE_ACCOUNT_DIR": str(tmp_path),
        }
        command = [sys.executable, "-m", "coderadmin.cli", "envproxy"]
        with (tmp_path / "log").open("wb") as log:
            processes.append(subprocess.Popen(command, env=environment | extra, stdout=log, stderr=log))
        return port

    yield run
    for process in processes:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "cap_" not in (tmp_path / "log").read_text(), "the token is in the log"


def enrolling(address: str, namespace: str) -> WorkspaceProvider:
    registration = Registration(
        name="brazil",
        hostname="http://brazil.testserver",
        cluster_address=address,
        namespace=namespace,
        credential_kind=CredentialKind.ENROLMENT,
    )
    return register_provider(actor=SYSTEM, registration=registration, target=None)


def answer(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_its_first_call_enrols_the_provider_of_an_admin_who_runs_helm_himself(
    start: Callable[..., int], cluster: Cluster, tmp_path: Path
) -> None:
    target = target_in(cluster.kubeconfig, cluster.namespace)
    provider = enrolling(target.address, cluster.namespace)
    assert (provider.status, provider.reason) == (ProviderStatus.PENDING, "waiting_for_enrolment")
    (tmp_path / "token").write_text(service_account_token(cluster))
    (tmp_path / "ca.crt").write_text(target.ca_pem)

    port = start(provider, rotate_envproxy_token(actor=SYSTEM, provider=provider))
    assert eventually(lambda: answer(port, "/readyz") == 200, 20), (tmp_path / "log").read_text()

    check_providers([provider.pk])
    provider.refresh_from_db()
    assert provider.last_beat_at is not None
    assert provider.reason == "not_deployed", provider.message
    assert provider.kubernetes_version, "the forwarded credential was accepted by the cluster"


def service_account_token(cluster: Cluster) -> str:
    """A token of an account that may read what a check reads."""
    with api_client(cluster.kubeconfig) as api:
        binding = {
            "metadata": {"name": "reads"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": cluster.namespace}],
        }
        client.RbacAuthorizationV1Api(api).create_namespaced_role_binding(cluster.namespace, binding)
        request = {"spec": {"expirationSeconds": 3600, "audiences": None}}
        review = client.CoreV1Api(api).create_namespaced_service_account_token("default", cluster.namespace, request)
        return review.status.token


def test_a_wrong_token_is_never_ready_but_alive(start: Callable[..., int], provider: WorkspaceProvider) -> None:
    port = start(provider, "cap_unknown")
    assert eventually(lambda: answer(port, "/healthz") == 200, 20)
    assert answer(port, "/readyz") == 503


def test_its_log_says_why_a_beat_is_refused(
    start: Callable[..., int], provider: WorkspaceProvider, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("eyJ-of-the-service-account")
    token = rotate_envproxy_token(actor=SYSTEM, provider=provider)
    start(provider, token, CLUSTER_ADDRESS="https://203.0.113.8:6443")
    log = tmp_path / "log"
    assert eventually(lambda: "from another cluster address than the registered one" in log.read_text(), 20)
    assert "eyJ-" not in log.read_text()


def test_it_outlives_an_outage_of_the_control_plane(
    start: Callable[..., int], provider: WorkspaceProvider, live_server: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    token = rotate_envproxy_token(actor=SYSTEM, provider=provider)
    probes = start(provider, token, CEMANAGER_ACCESS_URL=f"http://127.0.0.1:{port}")
    assert eventually(lambda: answer(probes, "/healthz") == 200, 20)
    with Relay(port, live_server.thread.port):
        assert eventually(lambda: answer(probes, "/readyz") == 200, 20)
    assert answer(probes, "/readyz") == 200, "sessions must not suffer from an outage"


class Relay:
    """An access URL that begins to answer: passes connections on to the live server."""

    def __init__(self, port: int, target: int) -> None:
        self._command = [sys.executable, "-c", RELAY, str(port), str(target)]

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._command)

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.wait()


RELAY = """
import asyncio, sys
async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def serve(reader, writer):
    other = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(pump(reader, other[1]), pump(other[0], writer))
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()
asyncio.run(main())
"""


def test_it_loads_neither_django_nor_the_kubernetes_client() -> None:
    script = "import sys, providers.envproxy.program; print([m for m in ('django', 'kubernetes') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert json.loads(found.replace("'", '"')) == []


def test_missing_settings_are_named_all_at_once() -> None:
    with pytest.raises(ConfigError, match="CEMANAGER_TOKEN, NAMESPACE"):
        Config.from_environment({**SETTINGS, "CEMANAGER_TOKEN": "", "NAMESPACE": ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVPROXY_ACCESS_URL", "sydney.coder.example.com/proxy"),
        ("ENVPROXY_ACCESS_URL", "https://sydney.coder.example.com/other"),
        ("ENVPROXY_PORT", "http"),
        ("TERMINATION_GRACE_SECONDS", "-1"),
    ],
)
def test_a_setting_that_cannot_work_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Config.from_environment({**SETTINGS, name: value})


def test_its_configuration_shows_no_secret() -> None:
    assert "cap_secret" not in repr(Config.from_environment(SETTINGS))


def test_retries_slow_down_and_are_spread() -> None:
    assert max(retry_after(1) for _ in range(50)) <= 1
    assert LONGEST_RETRY / 2 <= retry_after(50) <= LONGEST_RETRY
    assert len({retry_after(5) for _ in range(10)}) > 1


def test_a_renewed_service_account_token_is_forwarded(tmp_path: Path) -> None:
    config = Config.from_environment({**SETTINGS, "SERVICE_ACCOUNT_DIR": str(tmp_path)})
    (tmp_path / "token").write_text("first")
    assert config.beat()["service_account_token"] == "first"
    (tmp_path / "token").write_text("second")
    assert config.beat()["service_account_token"] == "second"
