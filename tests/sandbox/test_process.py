"""The sandbox process: what it keeps, how it ends, and what it does about a taken port."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from kubernetes import client

from coderadmin.embedded.sandbox.process import SandboxError, SandboxProcess, running_sandbox
from tests.clusters import api_client, eventually


def _write(sandbox: SandboxProcess, name: str) -> None:
    with api_client(sandbox.kubeconfig("one")) as api:
        client.CoreV1Api(api).create_namespaced_config_map("default", {"metadata": {"name": name}})


def _names(sandbox: SandboxProcess) -> set[str]:
    with api_client(sandbox.kubeconfig("one")) as api:
        return {one.metadata.name for one in client.CoreV1Api(api).list_namespaced_config_map("default").items}


def test_objects_credentials_and_ports_survive_a_restart(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, ["one", "two"]) as sandbox:
        _write(sandbox, "kept")
        before = sandbox.kubeconfig("one").read_text()
    with running_sandbox(tmp_path, ["one", "two"]) as sandbox:
        assert "kept" in _names(sandbox)
        assert sandbox.kubeconfig("one").read_text() == before


def test_a_taken_port_is_exchanged(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, ["one"]) as sandbox:
        port = sandbox.port("one")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with running_sandbox(tmp_path, ["one"]) as sandbox:
            assert sandbox.port("one") != port
            assert "kube-root-ca.crt" in _names(sandbox)


def test_only_the_owner_reads_the_secrets(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, ["one"]):
        assert eventually((tmp_path / "one" / "objects.json").exists), "it is saved soon, not before it is ready"
        for name in ("kubeconfig", "credentials.json", "ca-key.pem", "server.pem", "objects.json"):
            assert (tmp_path / "one" / name).stat().st_mode & 0o077 == 0, name


def test_ready_holds_the_process_id_while_it_runs(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, ["one"]):
        os.kill(int((tmp_path / "ready").read_text()), 0)
    assert not (tmp_path / "ready").exists()


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, time\n"
        "from coderadmin.embedded.sandbox.process import SandboxProcess\n"
        "SandboxProcess(pathlib.Path(sys.argv[1]), ['one']).start()\n"
        "print('started', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        child = int((tmp_path / "ready").read_text())
        parent.send_signal(signal.SIGKILL)
    assert eventually(lambda: not _is_running(child))
    assert not (tmp_path / "ready").exists()


def test_it_does_not_start_without_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "coderadmin.embedded.sandbox", "--state", str(tmp_path), "--cluster", "one"]
    done = subprocess.run([*command, "--parent", "1999999999"], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "is gone" in done.stderr


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="not a lower-case DNS label"):
        SandboxProcess(tmp_path, ["Not A Name"]).start()


def test_what_was_written_last_survives_a_kill(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path, ["one"])
    sandbox.start()
    _write(sandbox, "kept")
    saved = tmp_path / "one" / "objects.json"
    assert eventually(lambda: '"kept"' in saved.read_text())
    os.kill(int((tmp_path / "ready").read_text()), signal.SIGKILL)
    sandbox.stop()
    with running_sandbox(tmp_path, ["one"]) as again:
        assert "kept" in _names(again)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
