"""The words shared by everything around Helm: the release, its chart, and what can go wrong."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

RELEASE_NAME = "coder-workspace-provider"
CHART_NAME = "workspace-provider"
CHART_DIRECTORY = Path(__file__).parent / "chart"
# We give each revision that we write its own number as a label. Helm copies labels from revision to revision, so a
# revision that somebody else's Helm wrote has a label that does not fit.
REVISION_LABEL = "coderadmin/revision"


class HelmErrorCode(StrEnum):
    """Why Helm did not do what it was asked."""

    TIMED_OUT = "timed_out"  # not ready in time
    CANCELLED = "cancelled"  # somebody asked for the end
    REFUSED = "refused"  # chart or values; nothing was written
    CLUSTER = "cluster"  # the Kubernetes API said no, or nothing
    CONFLICT = "conflict"  # somebody else is at work on the release
    FAILED = "failed"


class HelmError(Exception):
    """A Helm call that did not succeed. `message` is for a person and holds no secret."""

    def __init__(self, code: HelmErrorCode, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Release:
    """One revision of a release. `status` is Helm's word: deployed, superseded, failed, pending-upgrade..."""

    name: str
    namespace: str
    revision: int
    status: str
    chart_version: str
    description: str = ""


def redact(text: str, secrets: list[str]) -> str:
    """The text without any of the secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "[hidden]")
    return text
