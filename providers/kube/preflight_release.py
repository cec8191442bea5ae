"""Pre-flight check of what already stands where the release will go."""

from providers.kube.client import KubeClient, namespaced
from providers.kube.errors import Reason
from providers.kube.findings import Finding, Level
from providers.kube.probe import ENVPROXY
from providers.kube.releases import PENDING, Revision, list_revisions, read_content
from providers.reasons import reason_for

CHART_NAME = "workspace-provider"


def _finding(level: Level, detail: str, remedy: str = "") -> Finding:
    return Finding(code="release", label="Helm release", level=level, detail=detail, remedy=remedy)


async def check_release(client: KubeClient, release_name: str) -> Finding:
    """None yet, ours, somebody else's, or one that a broken Helm run has left pending."""
    revisions = await list_revisions(client, release_name)
    if not revisions or revisions[0].status == "uninstalled":
        return await _check_free(client, release_name)
    newest = revisions[0]
    content = await read_content(client, newest)
    if content.chart != CHART_NAME:
        found = content.chart or "something that is no chart"
        remedy = "Choose another namespace, or uninstall that release."
        return _finding(Level.ERROR, f"{release_name} is there already, but holds {found}.", remedy)
    was_deployed = any(each.status == "deployed" for each in revisions)
    return _describe(newest, content.chart_version, release_name, was_deployed=was_deployed)


def _describe(newest: Revision, version: str, release_name: str, *, was_deployed: bool) -> Finding:
    what = f"Revision {newest.revision} of {release_name}, chart {version},"
    if newest.status in PENDING:
        since = f" since {newest.updated:%Y-%m-%d %H:%M} UTC" if newest.updated else ""
        way_back = "helm rollback" if was_deployed else "helm uninstall"
        remedy = f"If no Helm run is going on now, end it with: {way_back} {release_name}"
        return _finding(Level.WARNING, f"{what} is {newest.status}{since}.", remedy)
    if newest.status == "deployed":
        return _finding(Level.OK, f"{what} is deployed and will be upgraded.")
    return _finding(Level.WARNING, f"{what} is {newest.status}.", reason_for(Reason.RELEASE_FAILED).remedy)


async def _check_free(client: KubeClient, release_name: str) -> Finding:
    """Helm refuses to take over objects that it does not own."""
    deployment = await client.get_or_none(namespaced(client.target, "apps/v1", "deployments", ENVPROXY))
    if deployment is None:
        return _finding(Level.OK, f"{release_name} is not there yet and will be installed.")
    annotations = deployment["metadata"].get("annotations") or {}
    owner = annotations.get("meta.helm.sh/release-name")
    if owner == release_name:
        return _finding(Level.OK, f"{release_name} has left its Deployment {ENVPROXY}, which will be taken over.")
    whose = f"belongs to the Helm release {owner}" if owner else "was not made by Helm"
    remedy = "Choose another namespace, or delete that Deployment."
    return _finding(Level.ERROR, f"There is a Deployment {ENVPROXY} already, which {whose}.", remedy)
