"""What Helm does for us, one action for each process: see `child`, which alone imports this."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

import helm_python
from helm_python import _native

from providers.helm.channel import Channel, Request, private_file
from providers.helm.failures import code_of, sentence
from providers.helm.release import CHART_DIRECTORY, REVISION_LABEL, HelmError, HelmErrorCode, redact
from providers.helm.tunnel import Tunnel

MAX_HISTORY = 10
LINT_WARNING = 2
# Somebody else's Helm gets this long before we take its pending revision for one that was abandoned.
FOREIGN_GRACE = timedelta(minutes=10)


@dataclass(repr=False)
class Session:
    """One request at work on one cluster. Holds secrets: never to be shown."""

    request: Request
    cluster: helm_python.Config
    context: helm_python.HelmContext
    channel: Channel
    tunnel: Tunnel
    cancelled: bool = False

    @property
    def release(self) -> str:
        return self.request["release"]

    @property
    def timeout_s(self) -> int:
        return self.request["timeout_s"]

    def log(self, text: str) -> None:
        self.channel.send(type="log", text=text)

    def cancel(self, _signal: int, _frame: FrameType | None) -> None:
        self.cancelled = True
        self.context.cancel()


def begin(request: Request, tunnel: Tunnel, *, is_confined: bool) -> Session:
    kubeconfig = private_file(tunnel.kubeconfig(is_confined=is_confined))
    return Session(
        request=request,
        cluster=helm_python.Config(kubeconfig_path=kubeconfig, namespace=request["namespace"]),
        context=helm_python.HelmContext(),
        channel=Channel(request["secrets"]),
        tunnel=tunnel,
    )


def deploy(session: Session) -> dict[str, Any]:
    """Installs or upgrades, and waits until everything is ready. Takes up a release that a killed Helm left behind."""
    revisions = _history(session)
    if revisions and revisions[-1]["status"] not in ("deployed", "failed"):
        _refuse_a_living_neighbour(revisions[-1])
        session.log(
            f"Revision {revisions[-1]['revision']} was left {revisions[-1]['status']}: putting that right first."
        )
        _restore(session, revisions, wait=None)
        revisions = _history(session)
    if session.cancelled:
        raise HelmError(HelmErrorCode.CANCELLED, "Cancelled before the deploy began.")
    session.channel.send(type="writing")
    with helm_python.Chart.load(CHART_DIRECTORY) as chart:
        summary = _upgrade(session, chart, revisions) if revisions else _install(session, chart)
    session.log(f"Revision {summary['revision']} is deployed and ready.")
    return _release(summary)


def restore(session: Session) -> str:
    """After a failed deploy: back to the last good revision, or away with a first install that failed."""
    revisions = _history(session)
    if not revisions or revisions[-1]["status"] == "deployed":
        return "Nothing was changed."
    _refuse_a_living_neighbour(revisions[-1])
    return _restore(session, revisions, wait="watcher")


def uninstall(session: Session) -> list[str]:
    """Takes the release away. Gone already is success."""
    if not _history(session):
        session.log(f"There is no release {session.release} in {session.request['namespace']}.")
        return []
    info = str(_uninstall(session).get("info", ""))
    session.log(f"Release {session.release} is uninstalled.")
    return [line for line in info.splitlines() if line.strip()]


def status(session: Session) -> dict[str, Any] | None:
    """The newest revision, whatever its state."""
    revisions = _history(session)
    return _release(revisions[-1]) if revisions else None


def history(session: Session) -> list[dict[str, Any]]:
    """All revisions that are kept, oldest first."""
    return [_release(revision) for revision in _history(session)]


def render(session: Session) -> dict[str, str]:
    """The manifests by template, as they are for a version of Kubernetes, without any cluster."""
    options = {"name": session.release, "namespace": session.request["namespace"]}
    options["kube_version"] = session.request["kube_version"]
    with helm_python.Chart.load(CHART_DIRECTORY) as chart:
        values = json.dumps(session.request["values"])
        manifests = _native.call_string("helm_render", chart._raw(), values, json.dumps(options))
    rendered: dict[str, str] = json.loads(manifests)
    return rendered


def lint(session: Session) -> list[str]:
    """The warnings and errors of Helm's linter."""
    request = session.request
    report = helm_python.lint(
        CHART_DIRECTORY, request["values"], namespace=request["namespace"], kube_version=request["kube_version"]
    )
    findings = [message for message in report["messages"] if message["severity"] >= LINT_WARNING]
    return [f"{finding['path']}: {finding['error']}" for finding in findings]


ACTIONS: dict[str, Callable[[Session], Any]] = {
    action.__name__: action for action in (deploy, restore, uninstall, status, history, render, lint)
}

# SIGTERM ends the others at once.
WRITING = ("deploy", "restore", "uninstall")


def _history(session: Session) -> list[dict[str, Any]]:
    try:
        return session.cluster.history(session.release)
    except helm_python.HelmNotFoundError:
        return []


def _refuse_a_living_neighbour(revision: dict[str, Any]) -> None:
    """Somebody else's Helm may be at work; ours cannot be, as a provider has one operation at a time."""
    is_ours = revision.get("labels", {}).get(REVISION_LABEL) == str(revision["revision"])
    if is_ours or revision["status"] not in ("pending-install", "pending-upgrade"):
        return
    age = datetime.now(UTC) - datetime.fromisoformat(revision["deployed_at"])
    if age < FOREIGN_GRACE:
        raise HelmError(
            HelmErrorCode.CONFLICT,
            f"Another Helm began with revision {revision['revision']} at {revision['deployed_at']} and is not done. "
            f"Wait for it; if it was given up, deploy again {FOREIGN_GRACE.total_seconds() / 60:.0f} minutes later.",
        )


def _restore(session: Session, revisions: list[dict[str, Any]], *, wait: str | None) -> str:
    good = _last_good(revisions)
    if good is None:
        session.log(f"No revision ever worked: removing release {session.release}.")
        _uninstall(session)
        return "What was installed is removed again."
    session.log(f"Rolling back to revision {good}.")
    _rollback(session, good, wait=wait)
    session.log(f"Revision {good} is deployed again.")
    return f"Revision {good} is deployed again."


def _last_good(revisions: list[dict[str, Any]]) -> int | None:
    """The deployed revision, or else the newest that once was; None while an uninstall is under way."""
    if revisions[-1]["status"] in ("uninstalling", "uninstalled"):
        return None
    for wanted in ("deployed", "superseded"):
        for revision in reversed(revisions):
            if revision["status"] == wanted:
                return int(revision["revision"])
    return None


def _install(session: Session, chart: helm_python.Chart) -> dict[str, Any]:
    session.log(f"Installing release {session.release} of chart {chart.name} {chart.version}.")
    options: dict[str, Any] = {
        "context": session.context,
        "timeout": session.timeout_s,
        "wait": "watcher",
        "labels": {REVISION_LABEL: "1"},
    }
    try:
        return session.cluster.install(chart, session.release, session.request["values"], **options)
    except helm_python.HelmReleaseError as error:
        namespace = session.request["namespace"]
        if f'namespaces "{namespace}" not found' not in str(error):
            raise
    session.log(f"Creating namespace {namespace}.")
    return session.cluster.install(chart, session.release, session.request["values"], create_namespace=True, **options)


def _upgrade(session: Session, chart: helm_python.Chart, revisions: list[dict[str, Any]]) -> dict[str, Any]:
    """Upgrades with `force_conflicts`, which the Python layer of the library does not offer.

    Without it a field that somebody changed with kubectl (the replicas, say) stops this and every later upgrade.
    """
    revision = int(revisions[-1]["revision"]) + 1
    session.log(f"Upgrading release {session.release} to revision {revision}, chart {chart.name} {chart.version}.")
    options = {
        "timeout_seconds": session.timeout_s,
        "wait": "watcher",
        "max_history": MAX_HISTORY,
        "reset_values": True,
        "force_conflicts": True,
        "labels": {REVISION_LABEL: str(revision)},
    }
    handles = (session.cluster._raw(), session.context._raw(), chart._raw())
    values = json.dumps(session.request["values"])
    answer = _native.call_string("helm_upgrade", *handles, None, session.release, values, json.dumps(options))
    summary: dict[str, Any] = json.loads(answer)
    return summary


def _rollback(session: Session, revision: int, *, wait: str | None) -> None:
    """Rolls back with `force_conflicts`, for the same reason as in `_upgrade`."""
    options = {"version": revision, "timeout_seconds": session.timeout_s, "force_conflicts": True}
    waiting = {"wait": wait} if wait else {}
    _native.call_status("helm_rollback", session.cluster._raw(), session.release, json.dumps(options | waiting))


def _uninstall(session: Session) -> dict[str, Any]:
    return session.cluster.uninstall(session.release, timeout=session.timeout_s, wait="watcher", ignore_not_found=True)


def _release(summary: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": summary["name"],
        "namespace": summary["namespace"],
        "revision": summary["revision"],
        "status": summary["status"],
        "chart_version": summary["chart_version"],
    }


def answer(session: Session) -> None:
    """Does the action and sends its one result or error."""
    try:
        session.channel.send(type="result", value=ACTIONS[session.request["action"]](session))
    except HelmError as error:
        session.channel.send(type="error", code=error.code, message=error.message)
    except helm_python.HelmError as error:
        if session.cancelled and isinstance(error, helm_python.HelmCancelledError):
            session.channel.send(type="error", code=HelmErrorCode.CANCELLED, message="Cancelled.")
        else:
            text = redact(
                session.tunnel.real(str(error)), session.request["secrets"]
            )  # before it is cut, maybe within a secret
            code = code_of(type(error).__name__, text)
            late = f"Not ready after {session.timeout_s} s: " if code is HelmErrorCode.TIMED_OUT else ""
            session.channel.send(type="error", code=code, message=late + sentence(text))
