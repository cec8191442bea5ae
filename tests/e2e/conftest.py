"""The whole program, as `make run` starts it, and a browser in front of it."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from playwright.sync_api import Browser, Page

from tests.clusters import Cluster, eventually
from tests.e2e.gate import Gate
from tests.e2e.site import Site

PASSWORD = "end to end, and back again"
CHECK_INTERVAL = 6  # seconds
KEPT = ("PATH", "LANG", "TMPDIR")


@dataclass(frozen=True)
class Deployment:
    url: str
    folder: Path
    process: subprocess.Popen

    def processes(self, pattern: str) -> list[int]:
        """Process ids whose command line matches, of this deployment only."""
        found = []
        for status in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = status.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environment = (status.parent / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if re.search(pattern, command) and f"CODERADMIN_DATA_DIR={self.folder}\0" in environment:
                found.append(int(status.parent.name))
        return found

    def variables(self, pattern: str) -> dict[str, str]:
        """The environment of a process as in `processes`."""
        text = Path(f"/proc/{self.processes(pattern)[0]}/environ").read_text()
        return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with running_deployment() as started:
        yield started


@contextmanager
def running_deployment(host: str = "localhost", folder: Path | None = None, **variables: str) -> Iterator[Deployment]:
    """`coderadmin run` in `folder`, or one of its own, its access URL on `host`, once it is ready."""
    folder = folder or Path(tempfile.mkdtemp(prefix="ca-e2e-"))
    port = free_port()
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | {
        "CODERADMIN_DATA_DIR": str(folder),
        "CODERADMIN_PORT": str(port),
        "CODERADMIN_ADMIN_PASSWORD": PASSWORD,
        "CODERADMIN_CHECK_INTERVAL": str(CHECK_INTERVAL),
        "CODERADMIN_CHECK_TIMEOUT": "3",
        "CODERADMIN_DEPLOY_TIMEOUT": "12",
        "CODERADMIN_ACCESS_URL": f"http://{host}:{port}",
        **variables,
    }
    log = folder / "start.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "coderadmin.cli", "run"], env=environment, stdout=output, stderr=output
        )
    try:
        ready = eventually(lambda: b"is ready at" in log.read_bytes() or process.poll() is not None, 90)
        assert ready, log.read_text()
        assert process.poll() is None, log.read_text()
        yield Deployment(f"http://{host}:{port}", folder, process)
    finally:
        process.send_signal(signal.SIGINT)
        _wait_for_the_end(process, log)


def _wait_for_the_end(process: subprocess.Popen[bytes], log: Path) -> None:
    try:
        process.wait(120)
    except subprocess.TimeoutExpired:
        waits_in = Path(f"/proc/{process.pid}/wchan").read_text()
        process.kill()
        process.wait()
        raise AssertionError(f"it does not stop; it is in {waits_in} and has said:\n{log.read_text()}") from None


@pytest.fixture
def site(deployment: Deployment, browser: Browser) -> Iterator[Site]:
    """The pages, with the site admin signed in."""
    context = browser.new_context(base_url=deployment.url)
    page: Page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill("admin@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/workspace-providers/")
    yield Site(page)
    context.close()


@pytest.fixture
def gate(cluster: Cluster) -> Iterator[Gate]:
    gate = Gate(
        urlsplit(yaml.safe_load(cluster.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]).port or 443
    )
    yield gate
    gate.close()


@pytest.fixture
def kubeconfig(cluster: Cluster, gate: Gate) -> Callable[[], str]:
    """The cluster's kubeconfig, leading through the gate."""

    def text() -> str:
        document = yaml.safe_load(cluster.kubeconfig.read_text())
        document["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{gate.port}"
        return yaml.safe_dump(document)

    return text


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
