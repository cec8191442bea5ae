"""The words shared by everything around Helm: the release, its chart, and what can go wrong."""

import base64
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

RELEASE_NAME = "coder-workspace-provider"
CHART_NAME = "workspace-provider"
CHART_DIRECTORY = Path(__file__).parent / "chart"
# We give each revision that we write its own number as a label. Helm copies labels from revision to revision, so a
# revision that somebody else's Helm wrote has a label that does not fit.
REVISION_LABEL = "coderadmin/revision"
SHORTEST_LINE = 16  # characters; the last line of a key may be shorter and tells nothing


class HelmErrorCode(StrEnum):
    """Why Helm did not do what it was asked."""

    TIMED_OUT = "timed_out"  # not ready in time
    CANCELLED = "cancelled"  # somebody asked for the end
    REFUSED = "refused"  # chart or values
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


def redact(text: str, secrets: list[str]) -> str:
    """The text without any of the secrets, be they plain, in base64 as in a Secret, or, of a key, single lines."""
    for form in sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True):
        text = text.replace(form, "[hidden]")
    return text


def _forms(secret: str) -> list[str]:
    lines = [line for line in secret.splitlines() if len(line) >= SHORTEST_LINE and "-----" not in line]
    return [form for form in (secret, base64.b64encode(secret.encode()).decode(), *lines) if form]
