"""Helm for our services: deploy, uninstall, look. Each call is a process of its own, see `child`."""

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from coderadmin import destinations
from providers.helm.channel import Request
from providers.helm.process import Outcome, run_child
from providers.helm.release import RELEASE_NAME, HelmError, HelmErrorCode, Release
from providers.helm.values import Values
from providers.target import ClusterTarget

LOOK_TIMEOUT_S = 30
# A rollback gets at least this long, however impatient the deploy was.
RESTORE_TIMEOUT_S = 60
# What a child may take beside the waiting that Helm limits itself: start, discovery, writing.
OVERHEAD_S = 60


def deploy(
    target: ClusterTarget,
    values: Values,
    *,
    release: str = RELEASE_NAME,
    timeout_s: int,
    on_line: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> Release:
    """Installs or upgrades our chart and waits until it is ready; the namespace is created when it is missing.

    A revision that a killed Helm left behind is put right first. On failure the last good revision is deployed again,
    or a first install removed. Raises HelmError; its message says what became of the release. Whatever `cancelled`
    and `on_line` raise comes out with Helm killed at once and nothing undone.
    `timeout_s` limits the waiting for readiness; a rollback has its own time.
    """
    request = request_of("deploy", target, release, timeout_s, values)
    outcome = run_child(request, deadline_s=timeout_s + OVERHEAD_S, on_line=on_line, cancelled=cancelled)
    if outcome.error is None:
        return Release(**outcome.value)
    if outcome.is_written and outcome.error.code != HelmErrorCode.CONFLICT:  # then another Helm is at work
        on_line(outcome.error.message)
        raise _restored(outcome.error, request, on_line, cancelled)
    raise outcome.error


def restore(
    target: ClusterTarget,
    *,
    release: str = RELEASE_NAME,
    on_line: Callable[[str], None],
    check: Callable[[], object],
) -> str:
    """What a deploy does after a failure, for one that was killed: a sentence says what became of the release.

    Raises HelmError, and what `check` and `on_line` raise, with Helm killed at once.
    """
    text: str = _value(_restore(request_of("restore", target, release, RESTORE_TIMEOUT_S), on_line, check))
    return text


def uninstall(
    target: ClusterTarget,
    *,
    release: str = RELEASE_NAME,
    timeout_s: int,
    on_line: Callable[[str], None],
    check: Callable[[], object] = bool,
) -> list[str]:
    """Takes the release away and gives what Helm had to say about it. A release that is gone already is a success.

    Whatever `check`, asked now and then, and `on_line` raise comes out with Helm killed at once.
    """
    request = request_of("uninstall", target, release, timeout_s)
    outcome = run_child(request, deadline_s=timeout_s + OVERHEAD_S, on_line=on_line, cancelled=_to_the_end(check))
    lines: list[str] = _value(outcome)
    return lines


def status(target: ClusterTarget, release: str = RELEASE_NAME) -> Release | None:
    """The newest revision in whatever state, or None."""
    found = _look("status", target, release)
    return Release(**found) if found else None


def history(target: ClusterTarget, release: str = RELEASE_NAME) -> list[Release]:
    """The revisions that are kept, oldest first."""
    return [Release(**found) for found in _look("history", target, release)]


def render(values: Values, *, namespace: str, kube_version: str, release: str = RELEASE_NAME) -> dict[str, str]:
    """The chart's manifests by template path, for a version of Kubernetes such as "v1.20.0"; needs no cluster."""
    rendered: dict[str, str] = _offline("render", values, namespace, kube_version, release)
    return rendered


def lint(values: Values, *, namespace: str, kube_version: str, release: str = RELEASE_NAME) -> list[str]:
    """What Helm's strict linter finds in the chart with these values."""
    findings: list[str] = _offline("lint", values, namespace, kube_version, release)
    return findings


def _restored(
    error: HelmError, request: Request, on_line: Callable[[str], None], check: Callable[[], object]
) -> HelmError:
    """Puts the release right in a second child: in the first one a cancelled Helm may still be writing.

    `check` raises when another worker has the operation by now; it is asked before the child, too, which may be quick.
    """
    check()
    timeout_s = max(request["timeout_s"], RESTORE_TIMEOUT_S)
    outcome = _restore({**request, "action": "restore", "timeout_s": timeout_s}, on_line, check)
    if outcome.error is None:
        return HelmError(error.code, f"{error.message} {outcome.value}")
    return HelmError(error.code, f"{error.message} And it could not be undone: {outcome.error.message}")


def _restore(request: Request, on_line: Callable[[str], None], check: Callable[[], object]) -> Outcome:
    deadline_s = request["timeout_s"] + OVERHEAD_S
    return run_child(request, deadline_s=deadline_s, on_line=on_line, cancelled=_to_the_end(check))


def _look(action: str, target: ClusterTarget, release: str) -> Any:
    request = request_of(action, target, release, LOOK_TIMEOUT_S)
    return _value(run_child(request, deadline_s=LOOK_TIMEOUT_S, on_line=_ignore, cancelled=_never))


def _offline(action: str, values: Values, namespace: str, kube_version: str, release: str) -> Any:
    nowhere = ClusterTarget(address="https://unused.invalid", namespace=namespace)
    request: Request = {**request_of(action, nowhere, release, LOOK_TIMEOUT_S, values), "kube_version": kube_version}
    return _value(run_child(request, deadline_s=LOOK_TIMEOUT_S, on_line=_ignore, cancelled=_never))


def request_of(
    action: str, target: ClusterTarget, release: str, timeout_s: int, values: Values | None = None
) -> Request:
    """The request for one child of this process. Secret: it holds the credential and the token."""
    values = values or {}
    return {
        "action": action,
        "parent_pid": os.getpid(),
        "kubeconfig": target.kubeconfig(),
        "rule": asdict(destinations.rule()),
        "namespace": target.namespace,
        "release": release,
        "timeout_s": timeout_s,
        "values": values,
        "kube_version": "",
        "secrets": [target.token, target.client_key_pem, values.get("envproxy", {}).get("token", "")],
    }


def _value(outcome: Outcome) -> Any:
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def _never() -> bool:
    return False


def _to_the_end(check: Callable[[], object]) -> Callable[[], bool]:
    """Never cancelled, but `check` is asked, which may raise."""
    return lambda: bool(check()) and False


def _ignore(_line: str) -> None:
    pass
