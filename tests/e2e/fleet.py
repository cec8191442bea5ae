"""A deployment with eight providers whose envproxies really run, and people who use environments on them."""

import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml

from coderadmin.embedded.sandbox.process import running_sandbox
from tests.clusters import REAL_KUBECONFIGS, Cluster, fresh_namespace
from tests.e2e.conftest import PASSWORD, Deployment, running_deployment
from tests.e2e.gate import Gate
from tests.nodes import running_node
from tests.storage import provided_storage

SANDBOX = ("tokyo", "mumbai", "oslo")  # beside the three that the deployment brings
SETUP = Path(__file__).with_name("fleet_setup.py")
SETUP_SECONDS = 180
PAUSE = 0.1  # seconds between two requests of one person


@dataclass(frozen=True)
class Fleet:
    """`gate` stands before the API server of the provider named `gated`; `environments`: id by name of the provider."""

    deployment: Deployment
    environments: dict[str, str]
    hostnames: dict[str, str]
    gate: Gate
    gated: str

    @property
    def port(self) -> int:
        return urlsplit(self.deployment.url).port or 80


@contextmanager
def running_fleet(host: str, **variables: str) -> Iterator[Fleet]:
    """Six sandbox providers, and one for each real cluster; with real ones, the gated provider is the first of them."""
    with ExitStack() as stack:
        deployment = stack.enter_context(running_deployment(host, **variables))
        sandbox = stack.enter_context(running_sandbox(deployment.folder / "fleet", list(SANDBOX)))
        places = {name: (sandbox.kubeconfig(name), "coder", "") for name in SANDBOX}
        for number, kubeconfig in enumerate(REAL_KUBECONFIGS, 1):
            namespace = stack.enter_context(fresh_namespace(kubeconfig))
            storage = stack.enter_context(provided_storage(Cluster(kubeconfig, namespace, False)))
            places[f"real{number}"] = (kubeconfig, namespace, storage)
        gated = "real1" if REAL_KUBECONFIGS else SANDBOX[0]
        gate = Gate(urlsplit(_server(places[gated][0])).port or 443)
        stack.callback(gate.close)
        clusters = [Cluster(kubeconfig, namespace, not storage) for kubeconfig, namespace, storage in places.values()]
        node = stack.enter_context(running_node(deployment.folder / "fleet-node", clusters, "--demo-environments"))
        specs = [
            {
                "name": name,
                "hostname": f"http://{name}.{host}:{node.ingress_port}",
                "kubeconfig": _through(kubeconfig, gate.port if name == gated else None),
                "namespace": namespace,
                "storage_class": storage,
            }
            for name, (kubeconfig, namespace, storage) in places.items()
        ]
        made = _set_up(deployment, specs)
        yield Fleet(deployment, made["environments"], made["hostnames"], gate, gated)


def _server(kubeconfig: Path) -> str:
    return str(yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"])


def _through(kubeconfig: Path, port: int | None) -> str:
    document = yaml.safe_load(kubeconfig.read_text())
    if port:
        document["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    return yaml.safe_dump(document)


def _set_up(deployment: Deployment, specs: list[dict[str, str]]) -> dict[str, Any]:
    """Registered and deployed, each with an environment that is on; by the services, as the pages have tests enough."""
    (web,) = deployment.processes(r"gunicorn.*coderadmin\.wsgi")[:1]
    environment = dict(
        entry.split("=", 1) for entry in Path(f"/proc/{web}/environ").read_text().split("\0") if "=" in entry
    )
    done = subprocess.run(
        [sys.executable, SETUP], env=environment, input=json.dumps(specs), text=True, capture_output=True, check=False,
        timeout=SETUP_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


class Person:
    """The site admin with a browser of httpx, who opens the environment on one provider and stays on its page."""

    def __init__(self, fleet: Fleet, provider: str) -> None:
        self.provider, self._fleet = provider, fleet
        self.answers: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._ask_for_ever, name=f"person on {provider}", daemon=True)
        self._url, self._cookie = self._sign_in()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> Counter[str]:
        """All answers, `ok` or what else came."""
        self._stopping.set()
        self._thread.join(60)
        return self.answers

    def _sign_in(self) -> tuple[str, str]:
        """Address of the environment's page, and the cookie that opens it."""
        with httpx.Client(timeout=20, transport=Loopback(), headers={"accept": "text/html"}) as browser:
            base = self._fleet.deployment.url
            form = browser.get(f"{base}/sign-in/")
            fields = dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]+)"', form.text))
            fields |= {"username": "admin@example.com", "password": PASSWORD}
            assert browser.post(f"{base}/sign-in/", data=fields).status_code == 302
            environment = self._fleet.environments[self.provider]
            opened = browser.get(f"{base}/environments/{environment}/open/", follow_redirects=True)
            assert opened.status_code == 200, opened.text
            return str(opened.url), f"coderadmin_environment={browser.cookies['coderadmin_environment']}"

    def _ask_for_ever(self) -> None:
        while not self._stopping.wait(PAUSE):
            self.answers[self._ask()] += 1

    def _ask(self) -> str:
        """Each request has a connection of its own, as a new browser tab would."""
        try:
            with httpx.Client(timeout=30, transport=Loopback()) as browser:
                answer = browser.get(self._url, headers={"cookie": self._cookie})
        except httpx.HTTPError as error:
            return f"{time.strftime('%H:%M:%S')} {error!r}"
        return "ok" if answer.status_code == 200 else f"{time.strftime('%H:%M:%S')} {answer.status_code}"


class Loopback(httpx.HTTPTransport):
    """Names below localhost are loopback; not every C library knows it."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        there = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,  # with the Host
            stream=request.stream,
            extensions=request.extensions,
        )
        return super().handle_request(there)
