"""What one look at a provider's cluster found: facts only, the verdict is made elsewhere."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from providers.kube.errors import NOT_UNDERSTOOD, Reason

MOMENT = ("checked_at", "duration_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """The newest revision of the Helm release. `deployed_revision` is the one in force, 0 when none is."""

    name: str
    revision: int
    status: str
    deployed_revision: int
    chart_version: str
    updated: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvproxyFacts:
    """envproxy's Deployment; `problem` says why fewer replicas are available than desired."""

    desired: int
    available: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlAnswer:
    """Whether envproxy's URL answers; `problem` is a sentence that says why not."""

    answers: bool
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`reason` and `message` tell the first failure of the cluster, empty when there was none; what comes after it was
    not looked at.

    `denied` holds texts like “create pods”, `storage_classes` names, the cluster's default first; None when it was not
    asked this time, or not answered. `url_answer` is None when the URL was not asked.
    `release_values` are those of the revision in force, without secrets, None when that revision was known; they are
    kept in columns of their own and not in the JSON.
    """

    checked_at: datetime
    duration_ms: int
    reachable: bool
    reason: str = ""
    message: str = ""
    kubernetes_version: str = ""
    namespace_phase: str = ""
    denied: tuple[str, ...] | None = None
    release: ReleaseFacts | None = None
    envproxy: EnvproxyFacts | None = None
    storage_classes: tuple[str, ...] | None = None
    url_answer: UrlAnswer | None = None
    release_values: dict[str, Any] | None = field(default=None, repr=False)

    def to_json(self) -> dict[str, Any]:
        """For a JSON column: texts, numbers, lists; moments as ISO 8601."""
        document = _members(self)
        del document["release_values"]
        document["checked_at"] = self.checked_at.isoformat()
        document["denied"] = None if self.denied is None else list(self.denied)
        document["storage_classes"] = None if self.storage_classes is None else list(self.storage_classes)
        document["envproxy"] = self.envproxy and _members(self.envproxy)
        document["url_answer"] = self.url_answer and _members(self.url_answer)
        if self.release:
            updated = self.release.updated and self.release.updated.isoformat()
            document["release"] = _members(self.release) | {"updated": updated}
        return document

    def says_the_same(self, document: dict[str, Any]) -> bool:
        """Whether it adds nothing to `document`, of an earlier look, but a moment and a duration."""
        not_asked = [name for name in ("denied", "storage_classes") if getattr(self, name) is None]
        return self.to_json() | {key: document.get(key) for key in (*MOMENT, *not_asked)} == document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Evidence":
        """The inverse of `to_json`."""
        values = dict(document)
        values["checked_at"] = datetime.fromisoformat(document["checked_at"])
        denied, release, envproxy = (document.get(key) for key in ("denied", "release", "envproxy"))
        values["denied"] = None if denied is None else tuple(denied)
        classes = document.get("storage_classes")
        values["storage_classes"] = None if classes is None else tuple(classes)
        values["envproxy"] = EnvproxyFacts(**envproxy) if envproxy else None
        url_answer = document.get("url_answer")
        values["url_answer"] = UrlAnswer(**url_answer) if url_answer else None
        values["release"] = None
        if release:
            updated = release["updated"] and datetime.fromisoformat(release["updated"])
            values["release"] = ReleaseFacts(**release | {"updated": updated})
        return cls(**values)


def broken(checked_at: datetime, duration_ms: int) -> Evidence:
    """Of a look that told nothing that can be understood."""
    return Evidence(
        checked_at=checked_at,
        duration_ms=duration_ms,
        reachable=True,
        reason=Reason.UNEXPECTED.value,
        message=NOT_UNDERSTOOD,
    )


def _members(facts: Any) -> dict[str, Any]:
    """As they are; `dataclasses.asdict` copies each of them deeply, which took a twentieth of a check."""
    return {each.name: getattr(facts, each.name) for each in fields(facts)}
