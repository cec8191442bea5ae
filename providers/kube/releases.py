"""Helm releases as the cluster keeps them: one Secret per revision, its labels enough for most questions."""

import base64
import binascii
import json
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from providers.kube.client import METADATA_ONLY, KubeClient, namespaced
from providers.kube.document import Json
from providers.kube.errors import shorten
from providers.kube.release_values import cleaned

PAYLOAD_LIMIT = 8 * 1024 * 1024  # bytes, unpacked; Secrets end at 1 MiB packed
LABEL_LIMIT = 63  # characters, by the rules of Kubernetes
MOST_REVISIONS = 2**31 - 1  # Helm counts in 32 bits
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision of a release, as its Secret's labels tell it."""

    name: str
    revision: int
    status: str
    updated: datetime | None
    secret: str


async def list_revisions(client: KubeClient, release_name: str) -> list[Revision]:
    """All revisions, newest first. Fetches no payload: ten of them can be 10 MiB."""
    answer = await client.get(
        namespaced(client.target, "v1", "secrets"),
        query={"labelSelector": f"owner=helm,name={release_name}"},
        accept=METADATA_ONLY,
    )
    found = [_revision(item.get("metadata") or {}) for item in answer.get("items") or []]
    return sorted(found, key=lambda each: each.revision, reverse=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What one revision installed. The texts are empty, `values` None, when the payload is not Helm's.

    `values` are those that were given, not the chart's own, and without secrets (providers.kube.release_values).
    """

    chart: str
    chart_version: str
    values: dict[str, Any] | None = field(repr=False)


async def read_content(client: KubeClient, revision: Revision) -> Content:
    """One request. Raises `KubeError`."""
    secret = await client.get(namespaced(client.target, "v1", "secrets", revision.secret))
    release = _payload(secret.get("data", {}).get("release", ""))
    chart = release.get("chart")
    metadata = chart.get("metadata") if isinstance(chart, dict) else None
    if not isinstance(metadata, dict):
        return Content(chart="", chart_version="", values=None)
    return Content(
        chart=str(metadata.get("name", "")),
        chart_version=str(metadata.get("version", "")),
        values=cleaned(release.get("config") or {}),
    )


def _revision(metadata: Json) -> Revision:
    labels = {key: shorten(str(value), LABEL_LIMIT) for key, value in (metadata.get("labels") or {}).items()}
    version = labels.get("version", "")
    return Revision(
        name=labels.get("name", ""),
        revision=min(int(version), MOST_REVISIONS) if version.isdecimal() else 0,
        status=labels.get("status", ""),
        updated=_moment(labels.get("modifiedAt") or labels.get("createdAt")),
        secret=metadata.get("name", ""),
    )


def _moment(seconds: str | None) -> datetime | None:
    """Helm writes seconds since 1970; ten digits last until 2286."""
    if not seconds or not seconds.isdecimal() or len(seconds) > 10:
        return None
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def _payload(data: str) -> Json:
    """The Secret's base64 holds Helm's base64, which holds gzip, which holds JSON."""
    try:
        packed = base64.b64decode(base64.b64decode(data))
        unpacked = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(packed, PAYLOAD_LIMIT)
        release = json.loads(unpacked)
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        return {}
    return release if isinstance(release, dict) else {}
