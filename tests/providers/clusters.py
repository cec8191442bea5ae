"""Providers on test clusters."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from audit.services import Actor
from providers.choices import CredentialKind
from providers.kube.kubeconfig import parse_kubeconfig
from providers.models import Operation, WorkspaceProvider
from providers.services import Registration, register_provider
from providers.services.running import run_operation
from providers.target import ClusterTarget


def target_in(kubeconfig: Path, namespace: str) -> ClusterTarget:
    parsed = parse_kubeconfig(kubeconfig.read_text())
    return parsed.target(parsed.current_context, namespace)


def register_on(actor: Actor, target: ClusterTarget, **fields: Any) -> WorkspaceProvider:
    values = {
        "name": "sydney",
        "hostname": "http://sydney.testserver",
        "cluster_address": target.address,
        "namespace": target.namespace,
        "credential_kind": CredentialKind.KUBECONFIG,
    }
    return register_provider(actor=actor, registration=Registration(**(values | fields)), target=target)


def done(operation: Operation) -> Operation:
    """The operation after a worker, played by this thread, has run it."""
    run_operation(operation.pk)
    operation.refresh_from_db()
    return operation


def log_of(operation: Operation) -> str:
    return "\n".join(f"{line.level} {line.text}" for line in operation.lines.all())


def soon(settings: Any, **seconds: float) -> None:
    for name, value in seconds.items():
        setattr(settings, name, timedelta(seconds=value))
