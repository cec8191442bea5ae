"""Which pods a request goes to: the rules of Ingress objects, by host and path."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from coderadmin.embedded.node.api import Object
from coderadmin.embedded.node.process import PodProcess


class NoRouteError(Exception):
    """No Ingress has a rule for this host and path."""


class Cluster(Protocol):
    @property
    def ingresses(self) -> list[Object]: ...
    @property
    def services(self) -> list[Object]: ...
    @property
    def processes(self) -> dict[str, PodProcess]: ...


@dataclass(frozen=True)
class Rule:
    cluster: Cluster
    namespace: str
    host: str
    path: str
    service: str

    @property
    def rank(self) -> tuple[bool, int]:
        """An exact host comes before a wildcard, a longer path before a shorter one."""
        return not self.host.startswith("*."), len(self.path)

    def matches(self, host: str, path: str) -> bool:
        return _matches_host(self.host, host) and _matches_path(self.path, path)


def ports_for(clusters: Iterable[Cluster], host: str, path: str) -> list[int]:
    """The ports of the pods that take new connections for this, in random order. Raises NoRouteError."""
    rules = [rule for cluster in clusters for rule in _rules(cluster) if rule.matches(host, path)]
    if not rules:
        raise NoRouteError
    ports = list(_ready_ports(max(rules, key=lambda rule: rule.rank)))
    random.shuffle(ports)
    return ports


def _rules(cluster: Cluster) -> Iterator[Rule]:
    for ingress in cluster.ingresses:
        namespace = ingress["metadata"]["namespace"]
        for rule in ingress["spec"].get("rules") or []:
            for path in (rule.get("http") or {}).get("paths") or []:
                if service := path["backend"].get("service"):
                    yield Rule(cluster, namespace, rule.get("host", ""), path.get("path") or "/", service["name"])


def _ready_ports(rule: Rule) -> Iterator[int]:
    for service in rule.cluster.services:
        if (service["metadata"]["namespace"], service["metadata"]["name"]) != (rule.namespace, rule.service):
            continue
        selector = (service["spec"].get("selector") or {}).items()
        for process in rule.cluster.processes.values():
            metadata = process.pod["metadata"]
            is_ours = metadata["namespace"] == rule.namespace and selector <= metadata.get("labels", {}).items()
            if is_ours and process.takes_connections:
                yield process.port


def _matches_host(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        first, _, rest = host.partition(".")  # a wildcard stands for one label
        return bool(first) and rest == pattern[2:]
    return pattern in ("", host)


def _matches_path(prefix: str, path: str) -> bool:
    """As `pathType: Prefix`: whole elements, and a final slash of the rule means nothing."""
    prefix = prefix.rstrip("/")
    return path == prefix or path.startswith(f"{prefix}/")
