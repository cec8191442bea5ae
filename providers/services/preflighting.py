"""The pre-flight: what the cluster says before anything is written to it."""

from urllib.parse import urlsplit

from providers.choices import LineLevel
from providers.kube.blocking import preflight_now
from providers.kube.findings import Level
from providers.services.run import OperationFailedError, ProviderRun


def preflight_provider(run: ProviderRun) -> None:
    """One log line per finding. Raises OperationFailedError when a finding forbids the deployment."""
    failures = 0
    host = urlsplit(run.provider.hostname).hostname or ""
    findings = preflight_now(run.target(), needs_ingress=run.provider.is_remote, hostname=host)
    for finding in findings:
        run.check_cancelled()
        run.log(f"{finding.label}: {finding.detail}", level=LineLevel(finding.level), remedy=finding.remedy)
        failures += finding.level == Level.ERROR
    if failures:
        things = "one thing" if failures == 1 else f"{failures} things"
        unchanged = "; nothing was changed" if run.operation.attempts == 1 else ""
        raise OperationFailedError("preflight_failed", f"The pre-flight found {things} to correct first{unchanged}.")
