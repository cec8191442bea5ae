"""The pre-flight: what the cluster says before anything is written to it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from providers.choices import LineLevel
from providers.kube.preflight import Finding, preflight
from providers.services.run import OperationFailedError, Run


def preflight_provider(run: Run) -> None:
    """One log line per finding. Raises OperationFailedError when a finding forbids the deployment."""
    failures = 0
    for finding in _findings(run):
        run.check_cancelled()
        run.log(f"{finding.label}: {finding.detail}", level=LineLevel(finding.level), remedy=finding.remedy)
        failures += finding.level == LineLevel.ERROR
    if failures:
        things = "one thing" if failures == 1 else f"{failures} things"
        raise OperationFailedError(
            "preflight_failed", f"The pre-flight found {things} to correct first; nothing was changed."
        )


def _findings(run: Run) -> Iterator[Finding]:
    host = urlsplit(run.provider.hostname).hostname or ""
    yield from preflight(run.target(), needs_release=run.provider.is_remote, hostname=host)
